//! The web app's types, made from the API's description: `web/src/api/generated.ts`.
//!
//! A field that may be absent is optional and never `null`: the daemon leaves it out. What appears inline and is a schema
//! of its own gets its name back.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value};

/// The whole file.
pub(crate) fn generate(document: &Value) -> String {
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let writer = Writer {
        names: schemas
            .iter()
            .map(|(name, schema)| (plain(schema), name.as_str()))
            .collect(),
    };
    let mut out = String::from(HEAD);
    for (name, schema) in schemas {
        out.push('\n');
        writer.declare(&mut out, name, schema);
    }
    out.push_str(
        "\n/** Every path: what a request gives and what a success answers with. */\nexport interface Paths {\n",
    );
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            if operation["responses"].is_object() {
                writer.operation(&mut out, method, path, operation);
            }
        }
    }
    out.push_str("}\n");
    out
}

struct Writer<'d> {
    /// Names by schema, descriptions aside.
    names: BTreeMap<String, &'d str>,
}

impl Writer<'_> {
    fn declare(&self, out: &mut String, name: &str, schema: &Value) {
        comment(out, "", schema);
        let name = type_name(name);
        match schema["properties"].as_object() {
            Some(_) if schema["oneOf"].is_null() && schema["allOf"].is_null() => {
                let _ = writeln!(out, "export interface {name} {}", self.object(schema, ""));
            }
            _ => {
                let _ = writeln!(out, "export type {name} = {};", self.shape(schema, ""));
            }
        }
    }

    fn operation(&self, out: &mut String, method: &str, path: &str, operation: &Value) {
        let json = |content: &Value| match &content["content"]["application/json"]["schema"] {
            Value::Null => None,
            schema => Some(self.of(schema, "    ")),
        };
        let responses = operation["responses"].as_object().unwrap();
        let success = responses.iter().find(|(status, _)| status.starts_with('2'));
        let answer = match success {
            Some((_, response)) => match response["content"]
                .as_object()
                .and_then(|content| content.keys().next())
            {
                Some(kind) if kind != "application/json" => Some("Blob".into()),
                _ => json(response),
            },
            None => None,
        };
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let query: Vec<&Value> = parameters.filter(|parameter| parameter["in"] == "query").collect();
        comment(out, "  ", &serde_json::json!({ "description": operation["summary"] }));
        let _ = writeln!(out, "  '{} {path}': {{", method.to_uppercase());
        if !query.is_empty() {
            let fields: Vec<String> = query.iter().map(|parameter| self.parameter(parameter)).collect();
            let _ = writeln!(out, "    query: {{ {} }};", fields.join("; "));
        }
        if let Some(body) = json(&operation["requestBody"]) {
            let _ = writeln!(out, "    body: {body};");
        }
        let _ = writeln!(
            out,
            "    answer: {};\n  }};",
            answer.unwrap_or_else(|| "undefined".into())
        );
    }

    fn parameter(&self, parameter: &Value) -> String {
        let mark = if parameter["required"] == true { "" } else { "?" };
        let name = parameter["name"].as_str().unwrap();
        format!("{name}{mark}: {}", self.of(&parameter["schema"], ""))
    }

    /// A schema where it is used: by its name, if it has one.
    fn of(&self, schema: &Value, indent: &str) -> String {
        if let Some(reference) = schema["$ref"].as_str() {
            return type_name(reference.rsplit('/').next().unwrap());
        }
        let is_own = schema["properties"].is_object() || schema["oneOf"].is_array();
        match self.names.get(&plain(schema)) {
            Some(name) if is_own => type_name(name),
            _ => self.shape(schema, indent),
        }
    }

    fn shape(&self, schema: &Value, indent: &str) -> String {
        if let Some(values) = schema["enum"].as_array() {
            return union(values.iter().map(|value| value.to_string().replace('"', "'")));
        }
        if let Some(value) = schema.get("const") {
            return value.to_string().replace('"', "'");
        }
        if let Some(ways) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
            let ways = ways.iter().filter(|way| way["type"] != "null");
            return union(ways.map(|way| self.of(way, indent)));
        }
        if let Some(parts) = schema["allOf"].as_array() {
            let parts: Vec<String> = parts.iter().map(|part| self.of(part, indent)).collect();
            return parts.join(" & ");
        }
        if let Some(kinds) = schema["type"].as_array() {
            let kinds = kinds.iter().filter(|kind| *kind != "null");
            return union(kinds.map(|kind| {
                let mut one = schema.clone();
                one["type"] = kind.clone();
                self.shape(&one, indent)
            }));
        }
        match schema["type"].as_str() {
            Some("string") => "string".into(),
            Some("integer" | "number") => "number".into(),
            Some("boolean") => "boolean".into(),
            Some("array") => self.array(schema, indent),
            Some("object") => self.object(schema, indent),
            _ => "unknown".into(),
        }
    }

    fn array(&self, schema: &Value, indent: &str) -> String {
        if let Some(items) = schema["prefixItems"].as_array() {
            let items: Vec<String> = items.iter().map(|item| self.of(item, indent)).collect();
            return format!("[{}]", items.join(", "));
        }
        let items = self.of(&schema["items"], indent);
        if items.contains(' ') {
            format!("({items})[]")
        } else {
            format!("{items}[]")
        }
    }

    fn object(&self, schema: &Value, indent: &str) -> String {
        let Some(properties) = schema["properties"].as_object() else {
            return match &schema["additionalProperties"] {
                values @ Value::Object(_) => format!("Record<string, {}>", self.of(values, indent)),
                _ => "Record<string, never>".into(),
            };
        };
        let required: Vec<&str> = schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let inner = format!("{indent}  ");
        let mut out = String::from("{\n");
        for (name, property) in properties {
            comment(&mut out, &inner, property);
            let is_required = required.contains(&name.as_str());
            let mark = if is_required { "" } else { "?" };
            let null = if is_required && may_be_null(property) {
                " | null"
            } else {
                ""
            };
            let _ = writeln!(out, "{inner}{name}{mark}: {}{null};", self.of(property, &inner));
        }
        out + indent + "}"
    }
}

fn may_be_null(schema: &Value) -> bool {
    let is_null = |list: &Value| {
        let items = list.as_array().into_iter().flatten();
        items.into_iter().any(|item| *item == "null" || item["type"] == "null")
    };
    is_null(&schema["type"]) || is_null(&schema["oneOf"])
}

fn union(ways: impl Iterator<Item = String>) -> String {
    ways.collect::<Vec<_>>().join(" | ")
}

fn comment(out: &mut String, indent: &str, schema: &Value) {
    let text = schema["description"].as_str().or_else(|| {
        let ways = schema["oneOf"].as_array()?;
        ways.iter().find_map(|way| way["description"].as_str())
    });
    if let Some(text) = text {
        let text = text.replace("*/", "* /").replace('\n', " ");
        let _ = writeln!(out, "{indent}/** {text} */");
    }
}

/// A schema without its descriptions, to compare it with.
fn plain(schema: &Value) -> String {
    fn strip(value: &Value) -> Value {
        match value {
            Value::Object(fields) => {
                let kept = fields
                    .iter()
                    .filter(|(name, value)| *name != "description" || !value.is_string());
                Value::Object(
                    kept.map(|(name, value)| (name.clone(), strip(value)))
                        .collect::<Map<_, _>>(),
                )
            }
            Value::Array(items) => Value::Array(items.iter().map(strip).collect()),
            other => other.clone(),
        }
    }
    strip(schema).to_string()
}

/// `Page_Chat` is `PageChat`.
fn type_name(name: &str) -> String {
    name.split('_')
        .map(|part| {
            let (first, rest) = part.split_at(part.len().min(1));
            first.to_uppercase() + rest
        })
        .collect()
}

#[test]
fn shapes_become_types() {
    let document = serde_json::json!({
        "paths": { "/v1/a/{b}": { "get": {
            "summary": "Get it.",
            "parameters": [{ "name": "b", "in": "path" }, { "name": "limit", "in": "query", "schema": { "type": "integer" } }],
            "responses": { "200": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Page_Thing" } } } } },
        } } },
        "components": { "schemas": {
            "Page_Thing": { "type": "object", "required": ["items"], "properties": {
                "items": { "type": "array", "items": { "type": "object", "description": "x", "required": ["kind"], "properties": {
                    "kind": { "$ref": "#/components/schemas/Kind" }, "note": { "type": ["string", "null"] } } } } } },
            "Kind": { "type": "string", "description": "Which.", "enum": ["one", "two"] },
            "Thing": { "type": "object", "required": ["kind"], "properties": {
                "kind": { "$ref": "#/components/schemas/Kind" }, "note": { "type": ["string", "null"] } } },
        } }
    });
    let expected = format!(
        "{HEAD}\n/** Which. */\nexport type Kind = 'one' | 'two';\n\nexport interface PageThing {{\n  items: Thing[];\n}}\n\n\
         export interface Thing {{\n  kind: Kind;\n  note?: string;\n}}\n\n\
         /** Every path: what a request gives and what a success answers with. */\nexport interface Paths {{\n  /** Get it. */\n  \
         'GET /v1/a/{{b}}': {{\n    query: {{ limit?: number }};\n    answer: PageThing;\n  }};\n}}\n"
    );
    assert_eq!(generate(&document), expected);
}

const HEAD: &str = "\
// Made from the API's description (docs/api/openapi.json). Do not edit; run
//   UNDERTONE_WRITE=1 cargo test --package undertone-daemon --test api openapi
";
