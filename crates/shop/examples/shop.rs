//! Runs a shop by itself: `cargo run -p firebell-shop --example shop -- STATE_DIR [SEED] [CUSTOMERS]`. The platform
//! token is `dev`; `addresses.json` in the folder says where everything listens.

use firebell_shop::ShopOptions;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let dir = args.next().ok_or("give a folder for the state")?;
    let mut options = ShopOptions::new(dir, "dev");
    options.seed = args.next().map_or(Ok(1), |s| s.parse())?;
    if let Some(customers) = args.next() {
        options.customers = customers.parse()?;
    }
    let stop = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    firebell_shop::run(options, |a| println!("{}", a.platform), stop).await?;
    Ok(())
}
