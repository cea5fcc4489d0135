"""What an installation adds beside tables: views, forms, web resources, buttons and apps, which are rows with rules."""
