"""What an installation adds beside tables: views, forms, web resources and buttons, which are rows with rules."""
