/* global GraphiQL, React, ReactDOM -- earlier scripts of the page */
import { graphiqlProps } from "./props.js";

const root = ReactDOM.createRoot(document.getElementById("playground"));
const logo = React.createElement(GraphiQL.Logo, null, "Dealdesk");
root.render(React.createElement(GraphiQL, await graphiqlProps(GraphiQL.GraphQL), logo));
