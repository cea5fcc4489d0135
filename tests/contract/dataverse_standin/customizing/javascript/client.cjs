// A witness for the Dataverse stand-in: dynamics-web-api makes, changes, reads and deletes definitions.
// Arguments: the address and a token. Prints one JSON object with what it saw.
const { DynamicsWebApi } = require("dynamics-web-api");

const [serverUrl, token] = process.argv.slice(2);
const api = new DynamicsWebApi({ serverUrl, dataApi: { version: "9.2" }, onTokenRefresh: async () => token });
const crm = (type) => `Microsoft.Dynamics.CRM.${type}`;
const label = (text) => ({
  "@odata.type": crm("Label"),
  LocalizedLabels: [{ "@odata.type": crm("LocalizedLabel"), Label: text, LanguageCode: 1033 }],
});
const text = (name, more) => ({
  "@odata.type": crm("StringAttributeMetadata"),
  SchemaName: name,
  DisplayName: label(name),
  RequiredLevel: { Value: "None" },
  MaxLength: 100,
  FormatName: { Value: "Text" },
  ...more,
});

async function main() {
  const seen = {};
  const tableId = await api.createEntity({
    data: {
      "@odata.type": crm("EntityMetadata"),
      SchemaName: "new_Book",
      DisplayName: label("Book"),
      DisplayCollectionName: label("Books"),
      OwnershipType: "UserOwned",
      IsActivity: false,
      HasActivities: false,
      HasNotes: false,
      Attributes: [text("new_Name", { IsPrimaryName: true })],
    },
  });
  const table = await api.retrieveEntity({ key: tableId });
  seen.table = table.LogicalName;
  table.DisplayName.LocalizedLabels[0].Label = "Novel";
  await api.updateEntity({ data: table, mergeLabels: true });
  const named = { PropertyName: "LogicalName", ConditionOperator: "Equals", Value: { Type: "System.String", Value: "new_book" } };
  const Query = {
    Criteria: { FilterOperator: "And", Conditions: [named] },
    Properties: { AllProperties: false, PropertyNames: ["SchemaName", "Attributes"] },
    AttributeQuery: { Properties: { AllProperties: false, PropertyNames: ["LogicalName"] } },
  };
  const changes = (more) => api.callFunction({ functionName: "RetrieveMetadataChanges", parameters: { Query, ...more } });
  const before = await changes({});
  const columnId = await api.createAttribute({ entityKey: tableId, data: text("new_Isbn") });
  const castType = crm("StringAttributeMetadata");
  const column = await api.retrieveAttribute({ entityKey: tableId, attributeKey: columnId, castType });
  column.MaxLength = 50;
  await api.updateAttribute({ entityKey: tableId, data: column, castType, mergeLabels: true });
  const after = await changes({ ClientVersionStamp: before.ServerVersionStamp });
  seen.added = after.EntityMetadata[0].Attributes.map((each) => each.LogicalName);
  const columns = await api.retrieveAttributes({
    entityKey: "LogicalName='new_book'",
    castType,
    select: ["LogicalName", "MaxLength"],
  });
  seen.columns = Object.fromEntries(columns.value.map((each) => [each.LogicalName, each.MaxLength]));
  const relationshipId = await api.createRelationship({
    data: {
      "@odata.type": crm("OneToManyRelationshipMetadata"),
      SchemaName: "new_contact_book",
      ReferencedEntity: "contact",
      ReferencingEntity: "new_book",
      Lookup: {
        "@odata.type": crm("LookupAttributeMetadata"),
        SchemaName: "new_AuthorId",
        DisplayName: label("Author"),
      },
    },
  });
  const many = crm("OneToManyRelationshipMetadata");
  const relationship = await api.retrieveRelationship({ key: relationshipId, castType: many });
  seen.navigation = relationship.ReferencingEntityNavigationPropertyName;
  relationship.CascadeConfiguration.Delete = "Restrict";
  await api.updateRelationship({ data: relationship, castType: many });
  const relationships = await api.retrieveRelationships({ castType: many, filter: "ReferencingEntity eq 'new_book'" });
  seen.deletion = relationships.value.find((each) => each.SchemaName === "new_contact_book").CascadeConfiguration.Delete;
  const choiceId = await api.createGlobalOptionSet({
    data: {
      "@odata.type": crm("OptionSetMetadata"),
      Name: "new_genre",
      IsGlobal: true,
      OptionSetType: "Picklist",
      DisplayName: label("Genre"),
      Options: [{ Value: 1, Label: label("Crime") }],
    },
  });
  await api.callAction({
    actionName: "InsertOptionValue",
    action: { OptionSetName: "new_genre", Value: 2, Label: label("Poetry") },
  });
  const choice = await api.retrieveGlobalOptionSet({ key: choiceId, castType: crm("OptionSetMetadata") });
  seen.options = choice.Options.map((each) => each.Value);
  choice.DisplayName.LocalizedLabels[0].Label = "Kind";
  await api.updateGlobalOptionSet({ data: choice, castType: crm("OptionSetMetadata"), mergeLabels: true });
  const choices = await api.retrieveGlobalOptionSets({ castType: crm("OptionSetMetadata"), select: ["Name", "DisplayName"] });
  seen.renamed = choices.value.find((each) => each.Name === "new_genre").DisplayName.UserLocalizedLabel.Label;
  const contact = await api.create({ collection: "contacts", data: { lastname: "x" }, returnRepresentation: true });
  const book = await api.create({
    collection: "new_books",
    data: { new_name: "a", "new_AuthorId@odata.bind": `contacts(${contact.contactid})` },
    returnRepresentation: true,
  });
  seen.author = book._new_authorid_value === contact.contactid;
  seen.languages = (await api.callFunction({ functionName: "RetrieveProvisionedLanguages" })).RetrieveProvisionedLanguages;
  await api.deleteGlobalOptionSet({ key: choiceId });
  await api.deleteRelationship({ key: relationshipId });
  seen.changed = (await api.retrieveEntity({ key: tableId, select: ["DisplayName"] })).DisplayName.UserLocalizedLabel.Label;
  seen.refused = await api.createEntity({ data: { ...table, Colour: 1 } }).catch((error) => error.code);
  return seen;
}

main().then(
  (seen) => console.log(JSON.stringify(seen)),
  (error) => {
    console.error(error.message, error.code ?? "", error.stack);
    process.exitCode = 1;
  },
);
