-- Grain: one row per resource that somebody keeps, by its tags. `asked` is the key by which people and tools say that
-- something is to be kept (unless its value says no); `scheduled` that a tool made it and deletes it by its own rule:
-- schedules, vaults, snapshot controllers of Kubernetes.
WITH asking (key) AS (
    VALUES ('keep'), ('retain'), ('retention'), ('legal-hold'), ('legalhold'), ('compliance'), ('do-not-delete'), ('donotdelete'), ('archive')
),
tools (pattern) AS (
    VALUES ('aws:dlm:%'), ('dlm:managed'), ('aws:backup:%'), ('acs:hbr:%'), ('goog-gke-%'), ('velero.io/%'), ('ebs.csi.aws.com/%'), ('csivolumesnapshotname'),
        ('kubernetes.io/%')
)
SELECT t.cloud, t.account_id, t.region, t.resource_type, t.resource_id, min(a.key) AS asked, count(s.pattern) > 0 AS scheduled
FROM tags AS t
LEFT JOIN asking AS a ON a.key = lower(t.key) AND lower(trim(coalesce(t.value, ''))) NOT IN ('no', 'false', '0')
LEFT JOIN tools AS s ON lower(t.key) LIKE s.pattern
WHERE a.key IS NOT NULL OR s.pattern IS NOT NULL
GROUP BY t.cloud, t.account_id, t.region, t.resource_type, t.resource_id
