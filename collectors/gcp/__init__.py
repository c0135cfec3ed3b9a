"""Google Cloud: inventory, metrics, prices and bills into the warehouse, by read-only calls.

    collect(writer, request, …)   what was asked for, scope by scope, each with its row of coverage
    scopes_of(account, region)    the scopes that a place has

client       one client per project; pace, retries, budgets, errors told in a sentence
api          how a call is declared
answers      what services say, and what a 403 means
services     addresses and limits of the services
credentials  who asks, as Google's own tools find it
accounts     which projects and regions there are
listing      what lists of Compute Engine have in common
catalogue    what Compute Engine sells and for how much, asked once for all regions
meanings     which of its SKUs is the price of what; families has the tables, money the units and tiers
machines     what a machine type is charged as
prices       list and spot prices of a region
"""
