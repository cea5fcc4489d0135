"""What is deployed to Azure, and what makes and checks its parts."""
