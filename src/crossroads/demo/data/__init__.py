"""What the demo reads.

`municipalities.csv`: the 581 municipalities of Belgium with their inhabitants of 2020, a NIS code and a postcode each.
The language is that of the region; `mixed` is Brussels, `de` the nine municipalities of the German-speaking Community.
`names.yaml`: common names by origin.
"""
