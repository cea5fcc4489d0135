"""The connector between Dynamics 365 / Dataverse and Spotler Mail+."""
