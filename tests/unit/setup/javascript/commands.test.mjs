import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./form.mjs";

const ENGLISH = 1033;
const DUTCH = 1043;
const FAILED = 100000002;
const COMPLETED = 2;

function platform({ language = ENGLISH, statuses = {}, refuses = "" } = {}) {
  const created = [];
  const updated = [];
  const said = [];
  const answer = (list, entry) => {
    if (refuses) {
      return Promise.reject(new Error(refuses));
    }
    list.push(entry);
    return Promise.resolve({});
  };
  const xrm = {
    WebApi: {
      createRecord: (table, row) => answer(created, [table, { ...row }]),
      updateRecord: (table, id, row) => answer(updated, [table, id, { ...row }]),
      retrieveRecord: (_table, id) => Promise.resolve({ statuscode: statuses[id] }),
    },
    Navigation: { openAlertDialog: ({ text }) => Promise.resolve(said.push(text)) },
    Utility: { getGlobalContext: () => ({ userSettings: { languageId: language } }) },
  };
  return { created, updated, said, commands: load("commands.js", xrm).commands };
}

function formOf(table, id, { isDirty = false, status = null } = {}) {
  const refreshed = [];
  const entity = { getId: () => id, getIsDirty: () => isDirty, getEntityName: () => table };
  return {
    data: { entity, refresh: (save) => Promise.resolve(refreshed.push(save)) },
    getAttribute: () => ({ getValue: () => status }),
    refreshed,
  };
}

for (const [table, navigation, set, operation] of [
  ["contact", "dh_CustomerId_contact", "contacts", 100000000],
  ["account", "dh_CustomerId_account", "accounts", 100000000],
  ["lead", "dh_LeadId", "leads", 100000000],
  ["list", "dh_ListId", "lists", 100000001],
]) {
  test(`Sync to Spotler makes a job for a ${table}`, async () => {
    const { commands, created, said } = platform();
    await commands.sync(formOf(table, "{AB}"));

    assert.deepEqual(created, [
      ["dh_spotlerjob", { dh_operation: operation, [`${navigation}@odata.bind`]: `/${set}(ab)` }],
    ]);
    assert.deepEqual(said, ["A Spotler Job was created."]);
  });
}

test("a record with changes is saved first, in the words of the user's language", async () => {
  const { commands, created, said } = platform({ language: DUTCH });
  await commands.sync(formOf("contact", "{AB}", { isDirty: true }));
  await commands.sync(formOf("contact", ""));

  assert.deepEqual(created, []);
  assert.deepEqual(said, ["Sla het record eerst op.", "Sla het record eerst op."]);
});

test("a refusal is shown", async () => {
  const { commands, said } = platform({ refuses: "Missing privilege" });
  await commands.sync(formOf("contact", "{AB}"));
  await commands.retrySelected([]);

  assert.deepEqual(said, ["It was refused: Missing privilege", "Jobs that were set back to Queued: 0"]);
});

test("each selected row gets a job", async () => {
  const { commands, created, said } = platform();
  await commands.syncSelected([
    { Id: "{A}", TypeName: "lead" },
    { Id: "{B}", TypeName: "lead" },
  ]);

  assert.deepEqual(created.map(([, row]) => row["dh_LeadId@odata.bind"]), ["/leads(a)", "/leads(b)"]);
  assert.deepEqual(said, ["Spotler Jobs that were created: 2"]);
});

test("a failed job is set back to Queued, and the form shows it", async () => {
  const { commands, updated, said } = platform();
  const form = formOf("dh_spotlerjob", "{A}", { status: FAILED });
  await commands.retry(form);

  assert.deepEqual(updated, [["dh_spotlerjob", "a", { statecode: 0, statuscode: 1 }]]);
  assert.deepEqual([form.refreshed, said], [[false], []]);
});

test("a job that did not fail is left", async () => {
  const { commands, updated, said } = platform();
  await commands.retry(formOf("dh_spotlerjob", "{A}", { status: COMPLETED }));

  assert.deepEqual(updated, []);
  assert.deepEqual(said, ["Only a failed job can be retried."]);
});

test("of the selected jobs those that failed are set back", async () => {
  const { commands, updated, said } = platform({ statuses: { a: FAILED, b: COMPLETED } });
  let refreshes = 0;
  const grid = { refresh: () => (refreshes += 1) };
  await commands.retrySelected([{ Id: "{A}" }, { Id: "{B}" }], grid);

  assert.deepEqual(updated.map(([, id]) => id), ["a"]);
  assert.deepEqual([said, refreshes], [["Jobs that were set back to Queued: 1"], 1]);
});
