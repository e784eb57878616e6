"""Who knows whom: inscriptions, by person, institution, context and period."""
