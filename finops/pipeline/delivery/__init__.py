"""What a night tells people and other programs, and how it gets there.

facts      what there is to tell, and what a target was told before
items      the single things, each with a key by which it is told once
message    subject, text and HTML of them
sending    to a target: again while it fails, by
  apprising    apprise: mail, chat, webhooks
  places       a folder, S3, OSS, Google Cloud Storage
ledger     the table `deliveries`
heart      a URL that hears when a night starts, ends and fails
"""
