"""Everything that speaks Spotler Mail+."""
