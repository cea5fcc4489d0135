// Parses queries with Microsoft's own parser of KQL and binds them to tables.
//
// In:  {"modules": folder, "tables": {table: {column: type}}, "queries": {name: text}} on standard input
// Out: {name: {"problems": ["KS142 at 12: …"], "columns": {name: type}}} on standard output
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");

const given = JSON.parse(fs.readFileSync(0, "utf8"));
const folder = path.join(given.modules, "@kusto", "language-service-next");
// The package is made for browsers: its files are run in the global scope.
for (const file of ["bridge.min.js", "Kusto.Language.Bridge.min.js"]) {
  vm.runInThisContext(fs.readFileSync(path.join(folder, file), "utf8"), { filename: file });
}
const { GlobalState, KustoCode, Symbols } = Kusto.Language;

const tables = Object.entries(given.tables).map(([table, columns]) => {
  const schema = Object.entries(columns).map(([name, type]) => `${name}:${type}`).join(", ");
  return new Symbols.TableSymbol.$ctor7(table, `(${schema})`, null);
});
const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.ctor("workspace", tables));
const list = (of) => Array.from({ length: of.Count }, (_, index) => of.getItem(index));

const answer = {};
for (const [name, text] of Object.entries(given.queries)) {
  const code = KustoCode.ParseAndAnalyze(text, globals);
  const columns = code.ResultType && code.ResultType.Columns ? list(code.ResultType.Columns) : [];
  answer[name] = {
    problems: list(code.GetDiagnostics()).map((each) => `${each.Code} at ${each.Start}: ${each.Message}`),
    columns: Object.fromEntries(columns.map((each) => [each.Name, each.Type.Name])),
  };
}
process.stdout.write(JSON.stringify(answer));
