"""The pages of the portal, an institution of its own: for everybody, citizens, officers, committee and operators."""
