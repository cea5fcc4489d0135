// The alerts, as ../alerts/alerts.json lists them. The query of each log alert is a file of its own beside that list.
// Every query gives a number, Value, and the rule compares it with a threshold; so one test evaluates them all.
param location string
param tags object
param workspaceId string
@description('Application Insights: named in each notification, so that people find the way from there.')
param componentId string
param serviceBusId string
param actionGroupId string

@allowed(['essential', 'all'])
@description('essential: the alerts that alerts.json marks so, and no log alert looks more often than every 15 minutes.')
param level string

@allowed(['en', 'nl'])
@description('The language of their names and descriptions.')
param language string = 'en'

@description('Thresholds that differ from those of alerts.json, by their names, for example { sweepSilentMinutes: 30 }.')
param thresholds object = {}

@description('Where the pages about the alerts are, an address or a folder of the repository; the name of a page is that of its alert.')
param pagesUrl string

var definitions = filter(loadJsonContent('../alerts/alerts.json'), definition => level == 'all' || definition.essential)
var limits = union(toObject(definitions, definition => definition.threshold.name, definition => definition.threshold.default), thresholds)
var queries = {
  'brake-applied': loadTextContent('../alerts/brake-applied.kql')
  'checkpoint-old': loadTextContent('../alerts/checkpoint-old.kql')
  'credentials-refused': loadTextContent('../alerts/credentials-refused.kql')
  'doctor-failed': loadTextContent('../alerts/doctor-failed.kql')
  'failed-share': loadTextContent('../alerts/failed-share.kql')
  'ingestion-high': loadTextContent('../alerts/ingestion-high.kql')
  'jobs-overdue': loadTextContent('../alerts/jobs-overdue.kql')
  'outcome-unknown': loadTextContent('../alerts/outcome-unknown.kql')
  'reconcile-remainder': loadTextContent('../alerts/reconcile-remainder.kql')
  'sweep-silent': loadTextContent('../alerts/sweep-silent.kql')
  'telemetry-silent': loadTextContent('../alerts/telemetry-silent.kql')
  throttled: loadTextContent('../alerts/throttled.kql')
  'timer-late': loadTextContent('../alerts/timer-late.kql')
}

// Names of resources that are called by several installations of a resource group must not meet.
var suffix = uniqueString(componentId)

resource logAlerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for definition in filter(definitions, definition => definition.kind == 'log'): {
    name: 'spotler-${definition.name}-${suffix}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: 'Spotler connector: ${language == 'nl' ? definition.dutch.title : definition.title}'
      description: language == 'nl' ? definition.dutch.description : definition.description
      severity: definition.severity
      enabled: true
      scopes: [workspaceId]
      // A rule that looks every 5 minutes costs three times as much as one that looks every 15.
      evaluationFrequency: level != 'all' && definition.every == 'PT5M' ? 'PT15M' : definition.every
      windowSize: definition.window
      // Fires once when the condition begins, and is resolved when it ends.
      autoMitigate: true
      // A table exists only after its first row, and the rules are there before it.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: queries[definition.name]
            metricMeasureColumn: 'Value'
            timeAggregation: 'Maximum'
            operator: 'GreaterThan'
            threshold: limits[definition.threshold.name]
            dimensions: contains(definition, 'by')
              ? [
                  {
                    name: definition.by
                    operator: 'Include'
                    values: ['*']
                  }
                ]
              : []
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      actions: {
        actionGroups: [actionGroupId]
        customProperties: {
          alert: definition.name
          component: componentId
          page: '${pagesUrl}/${definition.name}.md'
        }
      }
    }
  }
]

resource metricAlerts 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for definition in filter(definitions, definition => definition.kind == 'metric'): {
    name: 'spotler-${definition.name}-${suffix}'
    location: 'global'
    tags: tags
    properties: {
      description: language == 'nl' ? definition.dutch.description : definition.description
      severity: definition.severity
      enabled: true
      scopes: [serviceBusId]
      evaluationFrequency: definition.every
      windowSize: definition.window
      autoMitigate: true
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion'
            name: 'value'
            metricNamespace: 'Microsoft.ServiceBus/namespaces'
            metricName: definition.metric
            timeAggregation: definition.aggregation
            operator: 'GreaterThan'
            threshold: limits[definition.threshold.name]
            dimensions: [
              {
                name: 'EntityName'
                operator: 'Include'
                values: [definition.entity]
              }
            ]
          }
        ]
      }
      actions: [
        {
          actionGroupId: actionGroupId
          webHookProperties: {
            alert: definition.name
            page: '${pagesUrl}/${definition.name}.md'
          }
        }
      ]
    }
  }
]
