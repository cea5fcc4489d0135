// The connector and everything that it needs, in a resource group of its own.
// docs/administrators/install.md explains each parameter and shows the commands.
targetScope = 'subscription'

@minLength(1)
@maxLength(64)
@description('Name of the environment, for example production. It is part of the name of the resource group.')
param environmentName string

@minLength(1)
@description('Azure region. It must offer the Flex Consumption plan.')
@metadata({ azd: { type: 'location' } })
param location string

@description('Object id of who installs: may write secrets and read messages. Empty: nobody.')
param principalId string = ''

@allowed(['User', 'Group', 'ServicePrincipal'])
@description('What principalId is.')
param principalType string = 'User'

@description('Object id of the group of operators: may look at everything, and put messages back. Empty: nobody.')
param operatorGroupId string = ''

@description('Address of the Dataverse environment, https://ORGANISATION.crm4.dynamics.com, without a path.')
param dataverseUrl string

@description('systemuserid of the application user in Dataverse. Empty until the user exists.')
param dataverseUserId string = ''

@description('Client id of an app registration with a client secret. Empty: the managed identity of the app.')
param dataverseClientId string = ''

@description('Tenant of that app registration.')
param dataverseTenantId string = tenant().tenantId

@description('Id of the account in Spotler Leads. Empty: website visitors are not read.')
param leadsAccount string = ''

@description('Client id of the API of Spotler Leads.')
param leadsClientId string = ''

@allowed(['en', 'nl'])
@description('The language of what people read: results on rows, and the alerts.')
param resultLanguage string = 'en'

@description('Further application settings by name, without secrets: docs/settings.md lists them.')
param settings object = {}

@minValue(1)
@maxValue(1000)
@description('The most instances of each function. Azure may refuse less than 40 in some regions.')
param maximumInstanceCount int = 2

@allowed([512, 2048, 4096])
@description('Memory of an instance in MB.')
param instanceMemoryMB int = 2048

@minValue(0)
@maxValue(10)
@description('Instances of the router that always run: 0 is cheapest, 1 takes the first message without a cold start.')
param alwaysReadyRouters int = 0

@minValue(1)
@maxValue(52)
@description('The most calls to Dataverse at the same time, for each instance.')
param dataverseParallel int = 8

@minValue(1)
@maxValue(32)
@description('The most calls to Spotler at the same time, for each instance.')
param spotlerParallel int = 8

@minValue(30)
@maxValue(730)
@description('Days for which logs are kept. 31 are free.')
param logRetentionDays int = 31

@minValue(-1)
@description('Most GB of logs in a day, after which Azure drops them; -1 is no limit.')
param logDailyCapGb int = 1

@description('Address that alerts are sent to. Empty: alerts are shown in the portal only.')
param alertEmail string = ''

@allowed(['essential', 'all'])
@description('essential: the alerts without which work stands still unnoticed. all: every alert, for about 5 dollars more a month.')
param alertLevel string = 'essential'

@description('Thresholds of alerts that differ from those of infra/alerts/alerts.json, by their names.')
param alertThresholds object = {}

@description('Address of the folder docs of your copy of the repository. Alerts and the workbook link its pages. Empty: they name the files.')
param docsUrl string = ''

@description('A virtual network, and private endpoints for storage and Key Vault.')
param privateNetworking bool = false

@description('Addresses of the virtual network, /22 or larger.')
param networkPrefix string = '10.10.0.0/22'

@description('Public IPv4 addresses that may still write secrets with private networking.')
param administratorAddresses array = []

var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName }
var siteName = 'func-spotler-${token}'
var stateContainer = 'spotler-connector'
var packageContainer = 'app-package'
var pagesUrl = endsWith(docsUrl, '/') ? substring(docsUrl, 0, length(docsUrl) - 1) : docsUrl

resource group 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  // It does not end with the name of the environment, because that may end with a full stop.
  name: 'rg-${environmentName}-spotler'
  location: location
  tags: tags
}

module identity 'modules/identity.bicep' = {
  name: 'identity'
  scope: group
  params: {
    name: 'id-spotler-${token}'
    location: location
    tags: tags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    workspaceName: 'log-spotler-${token}'
    componentName: 'appi-spotler-${token}'
    actionGroupName: 'ag-spotler-${token}'
    location: location
    tags: tags
    retentionDays: logRetentionDays
    dailyCapGb: logDailyCapGb
    alertEmail: alertEmail
    publisherPrincipalId: identity.outputs.principalId
    operatorGroupId: operatorGroupId
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    name: 'stspotler${token}'
    location: location
    tags: tags
    containers: [packageContainer, stateContainer]
    stateContainer: stateContainer
    appPrincipalId: identity.outputs.principalId
    operatorGroupId: operatorGroupId
    publicAccess: !privateNetworking
  }
}

module keyVault 'modules/keyvault.bicep' = {
  name: 'keyVault'
  scope: group
  params: {
    name: 'kv-spotler-${token}'
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    appPrincipalId: identity.outputs.principalId
    administratorId: principalId
    administratorType: principalType
    publicAccess: !privateNetworking
    administratorAddresses: administratorAddresses
  }
}

module serviceBus 'modules/servicebus.bicep' = {
  name: 'serviceBus'
  scope: group
  params: {
    name: 'sb-spotler-${token}'
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    appPrincipalId: identity.outputs.principalId
    administratorId: principalId
    administratorType: principalType
    operatorGroupId: operatorGroupId
  }
}

module network 'modules/network.bicep' = if (privateNetworking) {
  name: 'network'
  scope: group
  params: {
    name: 'vnet-spotler-${token}'
    location: location
    tags: tags
    prefix: networkPrefix
    storageId: storage.outputs.id
    keyVaultId: keyVault.outputs.id
  }
}

// The app comes last: its triggers need the queues, the subscriptions with their rules and the roles of its identity.
module app 'modules/app.bicep' = {
  name: 'app'
  scope: group
  params: {
    name: siteName
    planName: 'plan-spotler-${token}'
    location: location
    tags: union(tags, { 'azd-service-name': 'connector' })
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    storageName: storage.outputs.name
    blobEndpoint: storage.outputs.blobEndpoint
    packageContainer: packageContainer
    stateContainer: stateContainer
    keyVaultUri: keyVault.outputs.uri
    serviceBusHost: serviceBus.outputs.host
    componentName: monitoring.outputs.componentName
    subnetId: privateNetworking ? network!.outputs.appSubnetId : ''
    maximumInstanceCount: maximumInstanceCount
    instanceMemoryMB: instanceMemoryMB
    alwaysReadyRouters: alwaysReadyRouters
    dataverseParallel: dataverseParallel
    spotlerParallel: spotlerParallel
    dataverseUrl: dataverseUrl
    dataverseUserId: dataverseUserId
    dataverseClientId: dataverseClientId
    dataverseTenantId: dataverseTenantId
    leadsAccount: leadsAccount
    leadsClientId: leadsClientId
    resultLanguage: resultLanguage
    settings: settings
  }
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  scope: group
  params: {
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    componentId: monitoring.outputs.componentId
    serviceBusId: serviceBus.outputs.id
    actionGroupId: monitoring.outputs.actionGroupId
    level: alertLevel
    language: resultLanguage
    thresholds: alertThresholds
    pagesUrl: empty(pagesUrl) ? 'docs/operators/alerts' : '${pagesUrl}/operators/alerts'
  }
}

module workbook 'modules/workbook.bicep' = {
  name: 'workbook'
  scope: group
  params: {
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    componentId: monitoring.outputs.componentId
    serviceBusId: serviceBus.outputs.id
    functionAppId: app.outputs.id
    docsUrl: pagesUrl
  }
}

// azd keeps these as variables of the environment. No key and no connection string is among them: outputs stay readable
// in the history of deployments.
output AZURE_LOCATION string = location
output AZURE_TENANT_ID string = tenant().tenantId
output AZURE_RESOURCE_GROUP string = group.name
output AZURE_FUNCTION_NAME string = app.outputs.name
output AZURE_KEY_VAULT_NAME string = keyVault.outputs.name
output AZURE_STORAGE_ACCOUNT_NAME string = storage.outputs.name
output SERVICE_BUS_NAMESPACE string = serviceBus.outputs.name
output SERVICE_BUS_HOST string = serviceBus.outputs.host
output IDENTITY_CLIENT_ID string = identity.outputs.clientId
output LOG_WORKSPACE_ID string = monitoring.outputs.workspaceId
output SECRETS_TO_SET string = join(app.outputs.secretNames, ' ')
