// Service Bus, with the queues, the topic, the subscriptions and the key of Dataverse as connector/servicebus/entities.json
// defines them. Keys stay allowed, because Dataverse signs with one.
param name string
param location string
param tags object
param workspaceId string
param appPrincipalId string
param administratorId string
param administratorType string
param operatorGroupId string

var roles = loadJsonContent('../roles.json')
var entities = loadJsonContent('../../connector/servicebus/entities.json')

// The most that a namespace without partitions allows. Only what is stored counts against it, and it costs nothing.
var maxSizeInMegabytes = 5120

// Operators read dead letters and put them back. So may who installs, who also checks the installation.
var readers = concat(
  empty(operatorGroupId) ? [] : [{ id: operatorGroupId, type: 'Group' }],
  empty(administratorId) ? [] : [{ id: administratorId, type: administratorType }]
)
var readerRoles = [roles.serviceBusDataReceiver, roles.serviceBusDataSender]
var readerAssignments = flatten(map(readers, reader => map(readerRoles, role => { reader: reader, role: role })))

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' = {
  name: name
  location: location
  tags: tags
  sku: {
    name: 'Standard'
    tier: 'Standard'
  }
  properties: {
    minimumTlsVersion: '1.2'
    disableLocalAuth: false
    publicNetworkAccess: 'Enabled'
  }
}

resource queues 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' = [
  for queue in entities.queues: {
    parent: namespace
    name: queue.name
    properties: {
      lockDuration: queue.lockDuration
      maxDeliveryCount: queue.maxDeliveryCount
      deadLetteringOnMessageExpiration: queue.deadLetteringOnMessageExpiration
      defaultMessageTimeToLive: queue.defaultMessageTimeToLive
      maxSizeInMegabytes: maxSizeInMegabytes
    }
  }
]

module topics 'topic.bicep' = [
  for topic in entities.topics: {
    name: 'topic-${topic.name}'
    params: {
      namespaceName: namespace.name
      topic: topic
      maxSizeInMegabytes: maxSizeInMegabytes
    }
  }
]

// Each rule has two keys that are valid at the same time, so that one can be renewed while the other is in use.
resource sendingQueues 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' existing = [
  for rule in entities.authorizationRules: {
    parent: namespace
    name: rule.queue
  }
]

resource sendingRules 'Microsoft.ServiceBus/namespaces/queues/authorizationRules@2024-01-01' = [
  for (rule, index) in entities.authorizationRules: {
    parent: sendingQueues[index]
    name: rule.name
    properties: { rights: rule.rights }
    dependsOn: [queues]
  }
]

// Owner and not Receiver and Sender: the scaling of the app reads the length of queues, which needs the right Manage.
resource appAssignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(namespace.id, appPrincipalId, roles.serviceBusDataOwner)
  scope: namespace
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.serviceBusDataOwner)
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource readingAssignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for assignment in readerAssignments: {
    name: guid(namespace.id, assignment.reader.id, assignment.role)
    scope: namespace
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', assignment.role)
      principalId: assignment.reader.id
      principalType: assignment.reader.type
    }
  }
]

// Who changed an entity. Metrics stay in Azure Monitor, where alerts read them: in the workspace each of them would cost.
resource operations 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'operations'
  scope: namespace
  properties: {
    workspaceId: workspaceId
    logAnalyticsDestinationType: 'Dedicated'
    logs: [
      {
        category: 'OperationalLogs'
        enabled: true
      }
    ]
  }
}

output id string = namespace.id
output name string = namespace.name
output host string = '${namespace.name}.servicebus.windows.net'
// The app waits for this output, and so for every entity and its rule.
output entityNames array = concat(map(entities.queues, queue => queue.name), map(entities.topics, topic => topic.name))
