// A witness for the Dataverse stand-in: dynamics-web-api does everything with rows that it can do with any of them.
// Arguments: the address, a token, and the ids of a user and of a role. Prints one JSON object with what it saw.
const { DynamicsWebApi } = require("dynamics-web-api");

const [serverUrl, token, user, role] = process.argv.slice(2);
const api = new DynamicsWebApi({ serverUrl, dataApi: { version: "9.2" }, onTokenRefresh: async () => token });
const contacts = { collection: "contacts" };
const names = (answer) => answer.value.map((each) => each.lastname);
const code = (promise) => promise.then(() => "done", (error) => error.code || error.status || error.message);

async function rows(seen) {
  const anna = await api.create({ ...contacts, data: { firstname: "Anna", lastname: "A" } });
  const made = await api.create({ ...contacts, data: { lastname: "B" }, returnRepresentation: true, select: ["lastname"] });
  const ben = made.contactid;
  await api.update({ ...contacts, key: anna, data: { firstname: "Ann" }, ifmatch: "*" });
  await api.updateSingleProperty({ ...contacts, key: anna, fieldValuePair: { jobtitle: "Boss" } });
  const read = await api.retrieve({ ...contacts, key: anna, select: ["fullname", "jobtitle"], includeAnnotations: "*" });
  seen.read = [read.fullname, read.jobtitle];
  const version = made["@odata.etag"];
  seen.unchanged = (await api.retrieve({ ...contacts, key: ben, select: ["lastname"], ifnonematch: version })) === undefined;
  // This client takes a stale version for an answer, and says false.
  seen.stale = await api.update({ ...contacts, key: ben, data: { lastname: "C" }, ifmatch: 'W/"1"' });
  seen.upserted = [
    await api.upsert({ collection: "dh_websitevisitors", key: "dh_externalid='v1'", data: { dh_name: "a" }, returnRepresentation: true, select: ["dh_name"] }),
    await api.upsert({ collection: "dh_websitevisitors", key: "dh_externalid='v1'", data: { dh_name: "b" }, returnRepresentation: true, select: ["dh_name"] }),
  ].map((each) => each.dh_name);
  return [anna, ben];
}

async function queries(seen) {
  for (const lastname of ["C", "D", "E"]) {
    await api.create({ ...contacts, data: { lastname } });
  }
  const ordered = { ...contacts, select: ["lastname"], orderBy: ["lastname"] };
  seen.filtered = names(await api.retrieveMultiple({ ...ordered, filter: "lastname gt 'A'", top: 2 }));
  const first = await api.retrieveMultiple({ ...ordered, maxPageSize: 2, count: true });
  const second = await api.retrieveMultiple({ ...ordered, maxPageSize: 2 }, first.oDataNextLink);
  seen.pages = [names(first), names(second), first.oDataCount];
  seen.all = names(await api.retrieveAll({ ...ordered, maxPageSize: 2 }));
  seen.counts = [await api.count({ ...contacts }), await api.count({ ...contacts, filter: "lastname eq 'A'" })];
  seen.counted = await api.countAll({ ...contacts, filter: "lastname gt 'A'" });
  const fetchXml = '<fetch><entity name="contact"><attribute name="lastname"/><order attribute="lastname"/></entity></fetch>';
  seen.fetched = names(await api.fetch({ ...contacts, fetchXml, pageNumber: 1 }));
  seen.fetchedAll = names(await api.fetchAll({ ...contacts, fetchXml: fetchXml.replace("<fetch>", '<fetch count="2">'), includeAnnotations: "*" }));
}

async function links(seen, anna) {
  const account = await api.create({ collection: "accounts", data: { name: "Contoso" } });
  const single = { ...contacts, primaryKey: anna, navigationProperty: "parentcustomerid_account" };
  await api.associateSingleValued({ ...single, relatedCollection: "accounts", relatedKey: account });
  const expand = [{ property: "parentcustomerid_account", select: ["name"] }];
  const linked = await api.retrieve({ ...contacts, key: anna, select: ["lastname"], expand });
  seen.linked = linked.parentcustomerid_account.name;
  await api.disassociateSingleValued(single);
  seen.unlinked = (await api.retrieve({ ...contacts, key: anna, select: ["lastname"], expand })).parentcustomerid_account;
  const pair = { collection: "systemusers", primaryKey: user, relationshipName: "systemuserroles_association", relatedKey: role };
  await api.associate({ ...pair, relatedCollection: "roles" });
  const held = await api.retrieveMultiple({ collection: `systemusers(${user})/systemuserroles_association`, select: ["name"] });
  seen.roles = held.value.map((each) => each.name).sort();
  await api.disassociate(pair);
}

async function calls(seen, anna, ben) {
  const me = await api.callFunction({ functionName: "WhoAmI" });
  seen.me = me.UserId.length;
  const held = await api.callFunction({
    collection: "systemusers", key: user, functionName: "Microsoft.Dynamics.CRM.RetrieveUserPrivileges",
  });
  seen.privileges = held.RolePrivileges.length > 0;
  await api.callAction({
    actionName: "Merge",
    action: {
      Target: { contactid: anna, "@odata.type": "Microsoft.Dynamics.CRM.contact" },
      Subordinate: { contactid: ben, "@odata.type": "Microsoft.Dynamics.CRM.contact" },
      PerformParentingChecks: false,
    },
  });
  seen.merged = (await api.retrieve({ ...contacts, key: ben, select: ["merged"] })).merged;
}

async function batch(seen) {
  api.startBatch();
  api.create({ ...contacts, data: { lastname: "In a batch" }, contentId: "1" });
  api.create({ collection: "dh_spotlerjobs", data: { "dh_CustomerId_contact@odata.bind": "$1" } });
  api.retrieveMultiple({ ...contacts, select: ["lastname"], filter: "lastname eq 'In a batch'", inChangeSet: false });
  const answers = await api.executeBatch();
  seen.batch = [answers.length, names(answers[2])];
}

const label = (text) => ({ LocalizedLabels: [{ Label: text, LanguageCode: 1033 }] });

async function files(seen, anna) {
  const entityKey = "LogicalName='contact'";
  const more = { RequiredLevel: { Value: "None" }, DisplayName: label("File") };
  const image = { CanStoreFullImage: true };
  const typed = (kind) => `Microsoft.Dynamics.CRM.${kind}AttributeMetadata`;
  await api.createAttribute({ entityKey, data: { "@odata.type": typed("File"), SchemaName: "new_Paper", ...more } });
  await api.createAttribute({ entityKey, data: { "@odata.type": typed("Image"), SchemaName: "new_Face", ...more, ...image } });
  const paper = { ...contacts, key: anna, property: "new_paper" };
  const face = { ...contacts, key: anna, property: "new_face" };
  const long = Buffer.alloc(4194304 + 10, "0123456789abcdef");
  const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]);
  await api.uploadFile({ ...paper, fileName: "paper.txt", data: long });
  await api.uploadFile({ ...face, fileName: "face.png", data: png });
  const read = await api.downloadFile(paper);
  seen.file = [read.fileName, read.fileSize, long.equals(read.data)];
  seen.image = png.equals((await api.downloadFile(face)).data);
}

async function collections(seen, anna) {
  const account = await api.create({ collection: "accounts", data: { name: "Fabrikam" } });
  const bind = { "parentcustomerid_account@odata.bind": `accounts(${account})` };
  await api.update({ ...contacts, key: anna, data: bind });
  await api.create({ ...contacts, data: { lastname: "F", ...bind } });
  const inner = [{ property: "ownerid", select: ["fullname"] }];
  const people = { property: "contact_customer_accounts", select: ["lastname"] };
  const of = { collection: "accounts", key: account, select: ["name"] };
  const last = [{ ...people, filter: "lastname ne 'x'", orderBy: ["lastname desc"], top: 1 }];
  seen.newest = (await api.retrieve({ ...of, expand: last })).contact_customer_accounts.map((each) => each.lastname);
  const nested = await api.retrieve({ ...of, expand: [{ ...people, expand: inner }] });
  seen.owners = nested.contact_customer_accounts.map((each) => each.ownerid.fullname !== undefined);
  const roles = [{ property: "systemuserroles_association", select: ["name"] }];
  const me = await api.retrieve({ collection: "systemusers", key: user, select: ["fullname"], expand: roles });
  seen.mine = me.systemuserroles_association.map((each) => each.name);
}

async function refusals(seen) {
  seen.refused = {
    unknown: await code(api.retrieve({ ...contacts, key: "00000000-0000-4000-8000-000000000000", select: ["lastname"] })),
    column: await code(api.retrieveMultiple({ ...contacts, select: ["nosuch"] })),
    background: await code(api.getBackgroundOperationStatus("11111111-0000-4000-8000-000000000000")),
    cancelled: await code(api.cancelBackgroundOperation("11111111-0000-4000-8000-000000000000")),
    search: await code(api.query({ query: { search: "Anna" } })),
    found: await code(api.search({ query: { search: "Anna" } })),
    suggested: await code(api.suggest({ query: { search: "Ann" } })),
    completed: await code(api.autocomplete({ query: { search: "Ann" } })),
  };
}

async function main() {
  const seen = {};
  const [anna, ben] = await rows(seen);
  await queries(seen);
  await links(seen, anna);
  await calls(seen, anna, ben);
  await batch(seen);
  await files(seen, anna);
  await collections(seen, anna);
  await refusals(seen);
  const types = await api.retrieveCsdlMetadata();
  seen.csdl = ['<EntityType Name="contact"', '<EntitySet Name="contacts"', 'Name="parentcustomerid_account"'].map((each) => types.includes(each));
  seen.tables = (await api.retrieveEntities({ select: ["LogicalName"], filter: "LogicalName eq 'contact'" })).value.length;
  seen.deleted = [await code(api.deleteRecord({ ...contacts, key: anna })), await code(api.deleteRecord({ ...contacts, key: anna }))];
  return seen;
}

main().then(
  (seen) => console.log(JSON.stringify(seen)),
  (error) => {
    console.error(error.message, error.code ?? "", error.stack);
    process.exitCode = 1;
  },
);
