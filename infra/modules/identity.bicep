// The identity by which the app reaches storage, Service Bus, Key Vault, Application Insights and Dataverse. It is
// assigned by us, so that its roles are there before the app is, and stay when the app is made again.
param name string
param location string
param tags object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

output id string = identity.id
output principalId string = identity.properties.principalId
output clientId string = identity.properties.clientId
