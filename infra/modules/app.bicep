// The function app on a Flex Consumption plan, and its settings.
param name string
param planName string
param location string
param tags object
param identityId string
param identityClientId string
param storageName string
param blobEndpoint string
param packageContainer string
param stateContainer string
param keyVaultUri string
param serviceBusHost string
param componentName string

@description('Subnet of the app. Empty: no virtual network.')
param subnetId string
param maximumInstanceCount int
param instanceMemoryMB int
param alwaysReadyRouters int
param dataverseParallel int
param spotlerParallel int
param dataverseUrl string
param dataverseUserId string
param dataverseClientId string
param dataverseTenantId string
param leadsAccount string
param leadsClientId string
param resultLanguage string
param settings object

// The host: by identity, never by a key. The language and the version stand in functionAppConfig.
var hostSettings = {
  AzureWebJobsStorage__accountName: storageName
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  AZURE_CLIENT_ID: identityClientId
}

// Logs and metrics are sent by the worker itself, requests by the host; both by identity.
var telemetrySettings = {
  APPLICATIONINSIGHTS_CONNECTION_STRING: component.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
  APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL: 'true'
  APPLICATIONINSIGHTS_SDKSTATS_DISABLED: 'true'
  APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED: 'true'
  PYTHON_ENABLE_OPENTELEMETRY: 'true'
  OTEL_TRACES_SAMPLER: 'microsoft.fixed_percentage'
  OTEL_TRACES_SAMPLER_ARG: '1.0'
  OTEL_BLRP_SCHEDULE_DELAY: '2000'
  OTEL_METRIC_EXPORT_INTERVAL: '60000'
}

var systemSettings = {
  ServiceBus__fullyQualifiedNamespace: serviceBusHost
  ServiceBus__credential: 'managedidentity'
  ServiceBus__clientId: identityClientId
  STATE: blobEndpoint
  STATE_CONTAINER: stateContainer
  STATE_CLIENT_ID: identityClientId
  DATAVERSE_URL: dataverseUrl
  DATAVERSE_PARALLEL: string(dataverseParallel)
  SPOTLER_PARALLEL: string(spotlerParallel)
  RESULT_LANGUAGE: resultLanguage
}

// Without a client id the identity of the app is the application user of Dataverse.
var dataverseSettings = empty(dataverseClientId) ? { DATAVERSE_CLIENT_ID: identityClientId } : {
  DATAVERSE_CLIENT_ID: dataverseClientId
  DATAVERSE_TENANT_ID: dataverseTenantId
}
var ownUserSettings = empty(dataverseUserId) ? {} : { DATAVERSE_USER_ID: dataverseUserId }
var leadsSettings = empty(leadsAccount) ? {} : {
  LEADS_ACCOUNT: leadsAccount
  LEADS_CLIENT_ID: leadsClientId
}

// The usual schedules; `settings` may replace them.
var usual = loadJsonContent('../../local.settings.json.example').Values
var schedules = toObject(filter(items(usual), entry => endsWith(entry.key, '_SCHEDULE')), entry => entry.key, entry => entry.value)

// Settings that are secrets in Key Vault; a secret has the name of its setting, with hyphens.
var secretSettings = concat(
  ['SPOTLER_KEY', 'SPOTLER_SECRET'],
  empty(dataverseClientId) ? [] : ['DATAVERSE_CLIENT_SECRET'],
  empty(leadsAccount) ? [] : ['LEADS_CLIENT_SECRET', 'LEADS_USER', 'LEADS_PASSWORD']
)
var secretNames = map(secretSettings, setting => toLower(replace(setting, '_', '-')))
// No version, and a slash at the end: Azure then takes the newest version.
var references = toObject(secretSettings, setting => setting, setting => '@Microsoft.KeyVault(SecretUri=${keyVaultUri}secrets/${toLower(replace(setting, '_', '-'))}/)')

resource component 'Microsoft.Insights/components@2020-02-02' existing = {
  name: componentName
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: { reserved: true }
}

// Updates are of the kind Recreate, which is the default: what runs is ended, and claims and the sweep repair it. The other
// kind, RollingUpdate, is a preview.
resource site 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: tags
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${blobEndpoint}${packageContainer}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: {
        name: 'python'
        version: '3.13'
      }
      scaleAndConcurrency: {
        maximumInstanceCount: maximumInstanceCount
        instanceMemoryMB: instanceMemoryMB
        alwaysReady: alwaysReadyRouters == 0 ? [] : [
          {
            name: 'function:route_dataverse_message'
            instanceCount: alwaysReadyRouters
          }
        ]
      }
    }
  }
}

// One resource with all settings: each change of settings ends what the app is doing, so they change together.
resource appSettings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: site
  name: 'appsettings'
  properties: union(
    hostSettings,
    telemetrySettings,
    schedules,
    systemSettings,
    dataverseSettings,
    ownUserSettings,
    leadsSettings,
    settings,
    references
  )
}

// Deployment is by sign-in, never by a user name and password.
resource credentials 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = [
  for kind in ['ftp', 'scm']: {
    parent: site
    name: kind
    properties: { allow: false }
  }
]

output id string = site.id
output name string = site.name
output secretNames array = secretNames
