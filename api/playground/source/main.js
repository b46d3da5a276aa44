import { GraphiQL } from "graphiql";
import { buildSchema, getOperationAST, parse } from "graphql";
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import "graphiql/style.css";
import "./playground.css";
import { graphiqlProps } from "./props.js";

const workers = { graphql: "graphql.worker.js", json: "json.worker.js" };

globalThis.MonacoEnvironment = {
  getWorker: (_id, label) =>
    new Worker(new URL(workers[label] ?? "editor.worker.js", import.meta.url), { type: "module" }),
};

const root = createRoot(document.getElementById("playground"));
const logo = createElement(GraphiQL.Logo, null, "Dealdesk");
root.render(createElement(GraphiQL, await graphiqlProps({ buildSchema, getOperationAST, parse }), logo));
