// The workbook that operators look at. Its content is made of infra/workbook/parts with: python3 dev.py workbook
param location string
param tags object
param workspaceId string
@description('Application Insights: the workbook is listed among its workbooks.')
param componentId string
param serviceBusId string
param functionAppId string

@description('Where the documentation is, without a final slash. Empty: the workbook names the files of its pages, without links.')
param docsUrl string = ''

var content = empty(docsUrl) ? loadTextContent('../workbook/workbook-without-links.json') : loadTextContent('../workbook/workbook.json')
var withWorkspace = replace(content, '%WORKSPACE_ID%', workspaceId)
var withServiceBus = replace(withWorkspace, '%SERVICE_BUS_ID%', serviceBusId)
var withFunctionApp = replace(withServiceBus, '%FUNCTION_APP_ID%', functionAppId)
var serializedData = replace(withFunctionApp, '%PAGES_URL%', docsUrl)

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  // A GUID that stays the same: another one would be a second workbook.
  name: guid(componentId, 'spotler-workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Spotler connector'
    category: 'workbook'
    sourceId: componentId
    version: '1.0'
    serializedData: serializedData
  }
}

output workbookId string = workbook.id
