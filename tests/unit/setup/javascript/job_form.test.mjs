import assert from "node:assert/strict";
import test from "node:test";

import { load, makeForm } from "./form.mjs";

const COLUMNS = [
  "dh_operation", "dh_customerid", "dh_leadid", "dh_listid", "dh_websitevisitorid", "dh_promoteto",
  "dh_spotlerautomationid", "dh_automationfields", "dh_automationcontactid", "dh_tag", "dh_score", "dh_audience",
  "dh_fieldname", "dh_fieldvalue",
];
const SYNC = 100000000;
const SYNC_LIST = 100000001;
const ADD_TAG = 100000003;
const SET_SCORE = 100000005;
const START = 100000008;
const STOP = 100000009;
const CONTACT = [{ id: "{A}", entityType: "contact", name: "Ann" }];
const automation = (id) => [{ id: `{${id}}`, entityType: "dh_spotlerautomation", name: id }];
const ALWAYS = ["dh_operation"];

function opened(values, { columns = COLUMNS, formType = 1, fields = {} } = {}) {
  const asked = [];
  const retrieveRecord = (table, id, options) => {
    asked.push([table, id, options]);
    return id in fields ? Promise.resolve({ dh_fields: fields[id] }) : Promise.reject(new Error("not found"));
  };
  const script = load("job_form.js", { WebApi: { retrieveRecord } }).jobForm;
  const page = makeForm(columns, values, formType);
  script.onLoad(page.context);
  return { ...page, script, asked };
}

function shows(page, ...names) {
  assert.deepEqual(page.shown(), [...ALWAYS, ...names].sort());
}

test("a new job shows nothing but the operation until one is chosen", () => {
  const page = opened({});

  shows(page);
  assert.deepEqual(page.required(), []);
});

test("the columns of the chosen operation are shown, and those that it needs are required", () => {
  const page = opened({ dh_operation: SET_SCORE });

  shows(page, "dh_customerid", "dh_leadid", "dh_score", "dh_tag");
  assert.deepEqual(page.required(), ["dh_customerid", "dh_leadid", "dh_score", "dh_tag"]);
});

test("of customer and lead the other one is not required once one is given", () => {
  const page = opened({ dh_operation: SYNC });
  page.set("dh_customerid", CONTACT);
  page.script.onRecordChange(page.context);

  assert.deepEqual(page.required(), ["dh_customerid"]);
});

test("a tag can be created without a record", () => {
  const page = opened({ dh_operation: ADD_TAG });

  assert.deepEqual(page.required(), ["dh_tag"]);
});

test("a job about a list shows no record, also where another operation had one", () => {
  const page = opened({ dh_operation: SYNC, dh_customerid: CONTACT, dh_tag: "VIP" });
  page.set("dh_operation", SYNC_LIST);
  page.script.onOperationChange(page.context);

  shows(page, "dh_listid");
  assert.deepEqual(page.required(), ["dh_listid"]);
  assert.deepEqual([page.get("dh_customerid"), page.get("dh_tag")], [null, null]);
});

test("an operation that is not known shows nothing", () => {
  shows(opened({ dh_operation: 5 }));
});

test("a job that was saved keeps its values, and they stay visible", () => {
  const page = opened({ dh_operation: START, dh_automationcontactid: "run" }, { formType: 2 });
  shows(page, "dh_automationcontactid", "dh_automationfields", "dh_customerid", "dh_leadid", "dh_spotlerautomationid");

  page.set("dh_operation", SYNC);
  page.script.onOperationChange(page.context);

  assert.equal(page.get("dh_automationcontactid"), "run");
});

test("a form without the column of Marketing Lists works", () => {
  const page = opened({ dh_operation: SYNC_LIST }, { columns: COLUMNS.filter((name) => name !== "dh_listid") });

  shows(page);
});

test("a chosen automation fills in its fields, with their types", async () => {
  const fields = "invoiceEmail=STRING\npayUrl=URL\nbasket=PRODUCTLIST";
  const page = opened({ dh_operation: START }, { fields: { B: fields } });
  page.set("dh_spotlerautomationid", automation("B"));
  await page.script.onAutomationChange(page.context);

  assert.equal(page.get("dh_automationfields"), fields);
  assert.deepEqual(page.asked, [["dh_spotlerautomation", "B", "?$select=dh_fields"]]);
});

test("the fields of another automation take the place of the first ones, but not of what was typed", async () => {
  const page = opened({ dh_operation: START }, { fields: { B: "a=STRING", C: "b=URL", D: "c=URL" } });
  for (const id of ["B", "C"]) {
    page.set("dh_spotlerautomationid", automation(id));
    await page.script.onAutomationChange(page.context);
  }
  assert.equal(page.get("dh_automationfields"), "b=URL");

  page.set("dh_automationfields", "b=https://example.org");
  page.set("dh_spotlerautomationid", automation("D"));
  await page.script.onAutomationChange(page.context);

  assert.equal(page.get("dh_automationfields"), "b=https://example.org");
});

test("an automation that is chosen before the operation is filled in too", async () => {
  const page = opened({}, { fields: { B: "a=STRING" } });
  page.set("dh_operation", START);
  page.set("dh_spotlerautomationid", automation("B"));
  await page.script.onOperationChange(page.context);

  assert.equal(page.get("dh_automationfields"), "a=STRING");
});

test("a late answer about an automation that is not chosen any more is not filled in", async () => {
  const page = opened({ dh_operation: START }, { fields: { B: "a=STRING", C: "b=URL" } });
  page.set("dh_spotlerautomationid", automation("B"));
  const late = page.script.onAutomationChange(page.context);
  page.set("dh_spotlerautomationid", automation("C"));
  await late;

  assert.equal(page.get("dh_automationfields"), null);
});

test("stopping an automation fills in nothing, and an automation that cannot be read neither", async () => {
  const page = opened({ dh_operation: STOP }, { fields: { B: "a=STRING" } });
  page.set("dh_spotlerautomationid", automation("B"));
  await page.script.onAutomationChange(page.context);
  page.set("dh_operation", START);
  page.set("dh_spotlerautomationid", automation("X"));
  await page.script.onOperationChange(page.context);

  assert.equal(page.get("dh_automationfields"), null);
  assert.deepEqual(page.asked.map(([, id]) => id), ["X"]);
});
