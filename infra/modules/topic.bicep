// A topic with its subscriptions, each with one rule.
param namespaceName string

@description('An entry of topics in connector/servicebus/entities.json.')
param topic object
param maxSizeInMegabytes int

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' existing = {
  name: namespaceName
}

resource jobs 'Microsoft.ServiceBus/namespaces/topics@2024-01-01' = {
  parent: namespace
  name: topic.name
  properties: {
    requiresDuplicateDetection: topic.requiresDuplicateDetection
    duplicateDetectionHistoryTimeWindow: topic.duplicateDetectionHistoryTimeWindow
    defaultMessageTimeToLive: topic.defaultMessageTimeToLive
    maxSizeInMegabytes: maxSizeInMegabytes
  }
}

resource subscriptions 'Microsoft.ServiceBus/namespaces/topics/subscriptions@2024-01-01' = [
  for subscription in topic.subscriptions: {
    parent: jobs
    name: subscription.name
    properties: {
      lockDuration: subscription.lockDuration
      maxDeliveryCount: subscription.maxDeliveryCount
      deadLetteringOnMessageExpiration: subscription.deadLetteringOnMessageExpiration
    }
  }
]

// Azure gives each new subscription a rule `$Default` that takes every message. Ours has this name, and so replaces it.
resource rules 'Microsoft.ServiceBus/namespaces/topics/subscriptions/rules@2024-01-01' = [
  for (subscription, index) in topic.subscriptions: {
    parent: subscriptions[index]
    name: '$Default'
    properties: {
      filterType: 'CorrelationFilter'
      correlationFilter: { properties: subscription.correlationFilter }
    }
  }
]
