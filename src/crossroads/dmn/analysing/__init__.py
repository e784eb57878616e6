"""What is wrong with a decision table, found without a case: its cells, and the combinations that its rules leave."""
