//! What the API consists of. Each endpoint's file declares its operation beside its handler; the router and the OpenAPI
//! document are both made from these declarations, so that they cannot disagree.

mod document;
pub(crate) mod parts;
pub(crate) mod schema;

use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter, on};
use serde_json::Value;

#[cfg(test)]
pub(crate) use document::document;
pub(crate) use document::show;

use crate::auth::Permission;
use crate::state::Shared;

/// How one answer looks.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) about: &'static str,
    pub(crate) content_type: &'static str,
    pub(crate) schema: Value,
}

/// A query parameter.
#[derive(Debug, Clone)]
pub(crate) struct Param {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) schema: Value,
}

/// One operation: where it is, who may, what goes in and what comes out.
#[derive(Clone)]
pub(crate) struct Operation {
    pub(crate) method: &'static str,
    /// As axum writes it; `{*path}` takes the rest of the address.
    pub(crate) path: &'static str,
    pub(crate) id: &'static str,
    pub(crate) tag: &'static str,
    /// What it takes; `None` is open to all.
    pub(crate) permission: Option<Permission>,
    pub(crate) summary: &'static str,
    pub(crate) about: &'static str,
    pub(crate) query: Vec<Param>,
    pub(crate) body: Option<Value>,
    pub(crate) answers: Vec<Answer>,
    /// Writes to an incident: 404, 409 and 412 are possible, `If-Match` is honoured.
    pub(crate) writes_incident: bool,
    /// Resumes by `Last-Event-ID`.
    pub(crate) streams: bool,
    pub(crate) handler: MethodRouter<Shared>,
}

impl Operation {
    fn new<T: 'static>(
        method: (&'static str, MethodFilter),
        path: &'static str,
        id: &'static str,
        handler: impl Handler<T, Shared>,
    ) -> Self {
        Self {
            method: method.0,
            path,
            id,
            tag: "",
            permission: Some(Permission::View),
            summary: "",
            about: "",
            query: Vec::new(),
            body: None,
            answers: Vec::new(),
            writes_incident: false,
            streams: false,
            handler: on(method.1, handler),
        }
    }

    /// A read.
    pub(crate) fn get<T: 'static>(
        path: &'static str,
        id: &'static str,
        handler: impl Handler<T, Shared>,
    ) -> Self {
        Self::new(("get", MethodFilter::GET), path, id, handler)
    }

    /// A write.
    pub(crate) fn post<T: 'static>(
        path: &'static str,
        id: &'static str,
        handler: impl Handler<T, Shared>,
    ) -> Self {
        Self::new(("post", MethodFilter::POST), path, id, handler)
    }

    /// A write that replaces.
    pub(crate) fn put<T: 'static>(
        path: &'static str,
        id: &'static str,
        handler: impl Handler<T, Shared>,
    ) -> Self {
        Self::new(("put", MethodFilter::PUT), path, id, handler)
    }

    /// A write that changes what it names.
    pub(crate) fn patch<T: 'static>(
        path: &'static str,
        id: &'static str,
        handler: impl Handler<T, Shared>,
    ) -> Self {
        Self::new(("patch", MethodFilter::PATCH), path, id, handler)
    }

    /// A removal.
    pub(crate) fn delete<T: 'static>(
        path: &'static str,
        id: &'static str,
        handler: impl Handler<T, Shared>,
    ) -> Self {
        Self::new(("delete", MethodFilter::DELETE), path, id, handler)
    }

    pub(crate) fn tag(mut self, tag: &'static str) -> Self {
        self.tag = tag;
        self
    }

    /// What it takes; the gate in front of the handler asks for it.
    pub(crate) fn needs(mut self, permission: Permission) -> Self {
        self.permission = Some(permission);
        self
    }

    /// Needs no token.
    pub(crate) fn open(mut self) -> Self {
        self.permission = None;
        self
    }

    pub(crate) fn summary(mut self, summary: &'static str) -> Self {
        self.summary = summary;
        self
    }

    pub(crate) fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    pub(crate) fn query(mut self, name: &'static str, about: &'static str, schema: Value) -> Self {
        self.query.push(Param { name, about, schema });
        self
    }

    pub(crate) fn body(mut self, schema: Value) -> Self {
        self.body = Some(schema);
        self
    }

    /// What comes back as JSON.
    pub(crate) fn answers(self, status: u16, about: &'static str, schema: Value) -> Self {
        self.answers_as(status, about, "application/json", schema)
    }

    /// That it is done, without a body.
    pub(crate) fn answers_nothing(self, about: &'static str) -> Self {
        self.answers_as(204, about, "", Value::Null)
    }

    /// What comes back in another form.
    pub(crate) fn answers_as(
        mut self,
        status: u16,
        about: &'static str,
        content_type: &'static str,
        schema: Value,
    ) -> Self {
        self.answers.push(Answer { status, about, content_type, schema });
        self
    }

    /// A command that tells an audience something: the answer has what the rules of tone say of the text.
    pub(crate) fn tells(mut self) -> Self {
        for answer in &mut self.answers {
            answer.about = "What happened, and what the rules of tone say of the text.";
            answer.schema = schema::named("Told");
        }
        self
    }

    /// A command on an incident, with the answer that all of them have.
    pub(crate) fn writes_incident(mut self) -> Self {
        self.writes_incident = true;
        self.tag("Incidents").answers(
            200,
            "What happened; no events where the command changed nothing.",
            schema::named("Written"),
        )
    }

    /// A stream of server-sent events.
    pub(crate) fn streams(mut self) -> Self {
        self.streams = true;
        self.query("after", "Events after that global position.", schema::whole(0, i64::MAX)).answers_as(
            200,
            "Server-sent events: `id` is the global position, `event` is `timeline`, `data` is a StreamedEntry.",
            "text/event-stream",
            schema::text(),
        )
    }

    /// Whether it changes something.
    pub(crate) fn is_write(&self) -> bool {
        self.method != "get"
    }

    /// Names of the parts of its address.
    pub(crate) fn path_params(&self) -> impl Iterator<Item = &'static str> {
        self.path
            .split('{')
            .skip(1)
            .filter_map(|part| part.split('}').next())
            .map(|p| p.trim_start_matches('*'))
    }
}
