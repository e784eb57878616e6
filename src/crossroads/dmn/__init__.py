"""Decision models: DMN's XML, decision tables and FEEL, read and evaluated. A pure library, without input or output."""
