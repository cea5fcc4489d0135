"""What people see of the solution in Dataverse: web resources, views, forms, dashboards, buttons and the app."""
