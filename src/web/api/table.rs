//! The table of routes. Router and description are both made from it, so that neither has a route, a key or a field that the
//! other lacks.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::LINK;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::{MethodRouter, delete, get, post};
use axum::{Json, Router};
use schemars::JsonSchema;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::request;
use crate::web::Site;
use crate::web::access::Writer;
use crate::web::answer::{Body, Refused};

/// Where schemas stand in the description.
const SCHEMAS: &str = "/components/schemas";

/// What somebody asks, or decides.
pub struct Asked<T> {
    pub site: Arc<Site>,
    /// What the address names; empty where it names nothing.
    pub id: String,
    pub what: T,
}

/// An answer, which may go on.
pub struct Part<A> {
    pub answer: A,
    /// With this cursor; `None`: that was all.
    pub next: Option<String>,
}

/// Routes, and what is said of them.
pub struct Table {
    router: Router<Arc<Site>>,
    paths: Map<String, Value>,
    answers: SchemaGenerator,
    requests: SchemaGenerator,
}

impl Table {
    pub fn new() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = SCHEMAS.into();
            settings.meta_schema = None;
        });
        Self {
            router: Router::new(),
            paths: Map::new(),
            answers: settings.clone().for_serialize().into_generator(),
            requests: settings.into_generator(),
        }
    }

    /// What is looked up.
    pub fn get<Q, A, W>(self, path: &'static str, says: &str, look: impl Fn(Asked<Q>) -> W + Handler) -> Self
    where
        Q: DeserializeOwned + JsonSchema + Send,
        A: Serialize + JsonSchema,
        W: Future<Output = Result<A, Refused>> + Send + 'static,
    {
        self.list(path, says, move |asked| {
            let found = look(asked);
            async {
                let answer = found.await?;
                Ok(Part { answer, next: None })
            }
        })
    }

    /// What is looked up part by part.
    pub fn list<Q, A, W>(mut self, path: &'static str, says: &str, look: impl Fn(Asked<Q>) -> W + Handler) -> Self
    where
        Q: DeserializeOwned + JsonSchema + Send,
        A: Serialize + JsonSchema,
        W: Future<Output = Result<Part<A>, Refused>> + Send + 'static,
    {
        let (keys, parameters) = parameters::<Q>(&mut self.requests);
        let handler = get(async move |State(site), id: Id, uri: Uri| {
            let (id, what) = (named(id)?, request::query::<Q>(&uri, &keys)?);
            let Part { answer, next } = look(Asked { site, id, what }).await?;
            let link = next.and_then(|next| link(&uri, &next));
            Ok::<_, Refused>((link, Json(answer)))
        });
        self.describe::<A>("get", path, says, json!({ "parameters": parameters }));
        self.with(path, handler)
    }

    /// What is decided.
    pub fn post<B, A, W>(
        mut self,
        path: &'static str,
        says: &str,
        decide: impl Fn(Asked<B>, Writer) -> W + Handler,
    ) -> Self
    where
        B: DeserializeOwned + JsonSchema + Send,
        A: Serialize + JsonSchema,
        W: Future<Output = Result<A, Refused>> + Send + 'static,
    {
        let keys = request::keys(&B::json_schema(&mut self.requests));
        let schema = self.requests.subschema_for::<B>();
        let handler = post(
            async move |writer: Writer, State(site), id: Id, headers: HeaderMap, body: Bytes| {
                let (id, what) = (named(id)?, request::body::<B>(&headers, &body, &keys)?);
                let site: Arc<Site> = site;
                let answer = decide(
                    Asked {
                        site: Arc::clone(&site),
                        id,
                        what,
                    },
                    writer,
                )
                .await?;
                site.pictures.outdate();
                Ok::<_, Refused>(Json(answer))
            },
        );
        let content = json!({ "application/json": { "schema": schema } });
        let body = json!({ "requestBody": { "required": true, "content": content } });
        self.describe::<A>("post", path, says, body);
        self.with(path, handler)
    }

    /// What was decided and is taken back.
    pub fn delete<Q, A, W>(
        mut self,
        path: &'static str,
        says: &str,
        take_back: impl Fn(Asked<Q>) -> W + Handler,
    ) -> Self
    where
        Q: DeserializeOwned + JsonSchema + Send,
        A: Serialize + JsonSchema,
        W: Future<Output = Result<A, Refused>> + Send + 'static,
    {
        let (keys, parameters) = parameters::<Q>(&mut self.requests);
        let handler = delete(async move |_: Writer, State(site), id: Id, uri: Uri| {
            let (id, what) = (named(id)?, request::query::<Q>(&uri, &keys)?);
            let site: Arc<Site> = site;
            let answer = take_back(Asked {
                site: Arc::clone(&site),
                id,
                what,
            })
            .await?;
            site.pictures.outdate();
            Ok::<_, Refused>(Json(answer))
        });
        self.describe::<A>("delete", path, says, json!({ "parameters": parameters }));
        self.with(path, handler)
    }

    fn with(self, path: &str, handler: MethodRouter<Arc<Site>>) -> Self {
        let router = self.router.route(path, handler);
        Self { router, ..self }
    }

    /// Says of a route what it is for, what it takes (`operation`) and what it answers.
    fn describe<A: JsonSchema>(&mut self, method: &str, path: &str, says: &str, mut operation: Value) {
        let answer = self.answers.subschema_for::<A>();
        let refused = self.answers.subschema_for::<Body<'_>>();
        operation["summary"] = json!(says);
        let name = path.trim_start_matches("/api/v1/").replace(['/', '-'], "_");
        operation["operationId"] = json!(format!("{method}_{}", name.replace(['{', '}'], "")));
        operation["responses"] = json!({
            "200": { "description": "Done.", "content": { "application/json": { "schema": answer } } },
            "default": { "description": "Not done, and why.", "content": { "application/json": { "schema": refused } } },
        });
        if path.contains("{id}") {
            let id = json!({ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } });
            let others = operation["parameters"].as_array().cloned().unwrap_or_default();
            operation["parameters"] = [id].into_iter().chain(others).collect();
        }
        if method != "get" {
            operation["security"] = json!([{ "token": [] }]);
        }
        let known = self.paths.entry(path).or_insert_with(|| json!({}));
        known[method] = operation;
    }

    /// Every route but that of the description.
    pub fn router(self) -> Router<Arc<Site>> {
        self.router
    }

    /// All of it as OpenAPI tells it.
    pub fn description(mut self) -> Value {
        let mut schemas = self.answers.take_definitions(true);
        schemas.extend(self.requests.take_definitions(true));
        let mut description = json!({
            "openapi": "3.1.0",
            "info": {
                "title": "balancewatch",
                "version": env!("CARGO_PKG_VERSION"),
                "description": "What `--output json` prints, and what the deciding commands decide. A list that goes on has a \
                    header `Link` with `rel=\"next\"`. Amounts are texts: exact decimals. Times are UTC.",
            },
            "paths": self.paths,
            "components": {
                "schemas": schemas,
                "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            },
        });
        plain(&mut description);
        description
    }
}

/// Something that many requests may use at a time.
pub trait Handler: Clone + Send + Sync + 'static {}

impl<T: Clone + Send + Sync + 'static> Handler for T {}

type Id = Result<Option<Path<String>>, PathRejection>;

/// What the address names.
fn named(id: Id) -> Result<String, Refused> {
    let id = id.map_err(|error| Refused::new(StatusCode::BAD_REQUEST, error.body_text()))?;
    Ok(id.map(|Path(id)| id).unwrap_or_default())
}

/// Where the next part of a list is: the same question with another cursor.
fn link(uri: &Uri, cursor: &str) -> Option<[(axum::http::HeaderName, String); 1]> {
    let asked = uri.query().unwrap_or_default().split('&');
    let mut pairs: Vec<&str> = asked
        .filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="))
        .collect();
    let cursor = format!("cursor={cursor}");
    pairs.push(&cursor);
    Some([(LINK, format!("<{}?{}>; rel=\"next\"", uri.path(), pairs.join("&")))])
}

/// The keys of a query, and what is said of each.
fn parameters<Q: JsonSchema>(generator: &mut SchemaGenerator) -> (Vec<String>, Vec<Value>) {
    let schema = Q::json_schema(generator);
    let keys = request::keys(&schema);
    let parameter = |key: &String| {
        let mut property = schema.as_value()["properties"][key].clone();
        let description = property
            .as_object_mut()
            .and_then(|property| property.remove("description"));
        let description = description.unwrap_or_default();
        json!({ "name": key, "in": "query", "required": false, "description": description, "schema": property })
    };
    let parameters = keys.iter().map(parameter).collect();
    (keys, parameters)
}

/// Takes the links of rustdoc out of what is said: they lead nowhere here.
fn plain(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(plain),
        Value::Object(fields) => {
            if let Some(Value::String(text)) = fields.get_mut("description") {
                *text = text.replace("[`", "`").replace("`]", "`").replace('\n', " ");
            }
            fields.values_mut().for_each(plain);
        }
        _ => {}
    }
}
