//! A release of catalog builds the product list one product at a time.

use rand::rngs::StdRng;

use super::{
    bad_release::{release, runs_defect},
    registry::{Fault, FaultInfo, Injected},
};
use crate::world::{Defect, World};

pub(super) const FAULT: Fault = Fault {
    info: FaultInfo {
        name: "n-plus-one",
        summary: "the product list became ten times slower, without errors",
        remedy: "set_flag eager_loading of catalog to 100 %, or roll catalog back",
    },
    inject,
    remedied,
};

const DIFF: &str = "--- a/services/catalog/src/list.rs\n+++ b/services/catalog/src/list.rs\n@@ -31,4 +31,9 @@\n-    \
                    let items = db.query(LIST_WITH_PRICES_AND_RATINGS, page)?;\n+    let products = Product::page(db, \
                    page)?;\n+    let items = if flags.on(\"eager_loading\") {\n+        products.preload(db)?\n+    } \
                    else {\n+        products.iter().map(|p| p.load(db)).collect()?\n+    };\n";

fn inject(world: &mut World, _: &mut StdRng) -> Injected {
    let version =
        release(world, "catalog", Defect::ListsOneByOne, "object mapper for the product list", DIFF);
    let detail = format!("catalog {version} asks for the products of a page one by one");
    Injected { component: "catalog".into(), detail, released: true }
}

fn remedied(world: &World, component: &str) -> bool {
    let eager = world.services.get(component).and_then(|s| s.flags.get("eager_loading"));
    !runs_defect(world, component, Defect::ListsOneByOne)
        || eager.is_some_and(|f| f.enabled && f.percent >= 95)
}
