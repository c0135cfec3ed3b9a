/*---
id: off-hours-instance
title: Works in office hours only, and is paid day and night
class: schedule
action: schedule
resource: instance
parameters:
  quiet_peak_max: {default: 0.1, unit: ratio, doc: "an hour in which the processor never went above this, in any week, is one nobody needs"}
  quiet_network_max: {default: 2000, unit: bytes per second, doc: "in and out together on the busiest Saturday or Sunday"}
  min_seen: {default: 2, unit: weeks, doc: "how often each hour of the week must have been measured"}
  margin: {default: 1, unit: hours, doc: "how long before the first and after the last busy hour it still runs"}
  max_hours: {default: 120, unit: hours a week, doc: "a schedule that leaves more hours than this is not worth the trouble"}
  unseen_factor: {default: 1.5, unit: ratio, doc: "a day so many times as busy as the busiest of those with hourly data had work at hours nobody saw"}
  min_days: {default: 14, unit: days, doc: "days of life before a verdict"}
needs: [instances, instance_types, tags, "metrics:cpu_utilization"]
excludes: [idle-instance]
effort: low
risk: medium
sources:
  - {title: "AWS: Instance Scheduler stops machines outside of the hours they are needed", url: "https://docs.aws.amazon.com/solutions/latest/instance-scheduler-on-aws/solution-overview.html"}
  - {title: "OptScale: hours of the week with the processor at or under 5 % and little network, over 14 days", url: "https://github.com/hystax/optscale/blob/integration/bumiworker/bumiworker/modules/recommendations/instances_for_shutdown.py"}
  - {title: "AWS: EventBridge Scheduler calls the API of a service", url: "https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html"}
  - {title: "Google Cloud: schedule a VM to start and stop", url: "https://cloud.google.com/compute/docs/instances/schedule-instance-start-stop"}
  - {title: "Alibaba Cloud: a template that starts and stops instances on a schedule, in economical mode", url: "https://www.alibabacloud.com/help/en/oos/user-guide/acs-ecs-scheduletostartandstopinstances"}
traps:
  night-batch: "A batch job at night is work, however short."
  backup-at-three: "A backup at three in the morning of one weekday moves the end of the window, it is not cut off."
  other-time-zone: "Office hours of another time zone may wrap midnight, and reach into the UTC weekend."
  month-end-night: "A day much busier than all days with hourly data had work at hours nobody saw."
  weekend-once: "Work on one Saturday of the last quarter is work on Saturdays."
  production: "A machine tagged as production is on for who may come, not for who came."
  group-member: "Members of scaling groups and clusters come and go by the schedule of their group."
  spot: "A spot machine is given back rather than scheduled."
  subscription: "What is paid ahead saves nothing while it is off."
  stopped: "A machine that is off needs no schedule."
  scheduled-already: "A machine that is switched off at night has no data then; missing data is not a quiet hour."
  local-disks: "What local disks hold is lost whenever the machine stops."
  always-quiet: "A machine that never works is idle, which is another finding."
remediation:
  aws:
    - 'aws scheduler create-schedule --region {region} --name start-{resource_id} --flexible-time-window Mode=OFF --schedule-expression {proposed_start_schedule} --target Arn=arn:aws:scheduler:::aws-sdk:ec2:startInstances,RoleArn=ROLE_ARN,Input=\''\{{\"InstanceIds\":\[\"{resource_id}\"\]\}}\'''
    - 'aws scheduler create-schedule --region {region} --name stop-{resource_id} --flexible-time-window Mode=OFF --schedule-expression {proposed_stop_schedule} --target Arn=arn:aws:scheduler:::aws-sdk:ec2:stopInstances,RoleArn=ROLE_ARN,Input=\''\{{\"InstanceIds\":\[\"{resource_id}\"\]\}}\'''
    - '# undo: aws scheduler delete-schedule --region {region} --name stop-{resource_id}'
    - '# undo: aws scheduler delete-schedule --region {region} --name start-{resource_id}'
    - '# undo: aws ec2 start-instances --region {region} --instance-ids {resource_id}'
  alibaba:
    schedule:
      - 'aliyun oos StartExecution --region {region} --TemplateName ACS-ECS-ScheduleToStartAndStopInstances --Parameters \{{\"dailyStartTime\":\"{proposed_start_time}\",\"dailyStopTime\":\"{proposed_stop_time}\",\"weekdays\":\"{proposed_start_days}\",\"stoppedMode\":\"StopCharging\",\"targets\":\{{\"Type\":\"ResourceIds\",\"RegionId\":\"{region}\",\"ResourceIds\":\[\"{resource_id}\"\]\}}\}}'
      - '# undo: aliyun oos CancelExecution --region {region} --ExecutionId EXECUTION'
      - '# undo: aliyun ecs StartInstance --region {region} --InstanceId {resource_id}'
    overnight:
      - 'aliyun oos StartExecution --region {region} --TemplateName ACS-ECS-ScheduleToStartInstances --Parameters \{{\"cron\":\"{proposed_start_schedule}\",\"timeZone\":\"UTC\",\"endDate\":\"2099-12-01T00:00:00Z\",\"targets\":\{{\"Type\":\"ResourceIds\",\"RegionId\":\"{region}\",\"ResourceIds\":\[\"{resource_id}\"\]\}}\}}'
      - 'aliyun oos StartExecution --region {region} --TemplateName ACS-ECS-ScheduleToStopInstances --Parameters \{{\"cron\":\"{proposed_stop_schedule}\",\"timeZone\":\"UTC\",\"endDate\":\"2099-12-01T00:00:00Z\",\"targets\":\{{\"Type\":\"ResourceIds\",\"RegionId\":\"{region}\",\"ResourceIds\":\[\"{resource_id}\"\]\}}\}}'
      - '# undo: aliyun oos CancelExecution --region {region} --ExecutionId EXECUTION'
      - '# undo: aliyun ecs StartInstance --region {region} --InstanceId {resource_id}'
  gcp:
    - 'gcloud compute resource-policies create instance-schedule {proposed_policy} --project {account_id} --region {region} --timezone UTC --vm-start-schedule {proposed_start_schedule} --vm-stop-schedule {proposed_stop_schedule}'
    - 'gcloud compute instances add-resource-policies {resource_name} --project {account_id} --zone {zone} --resource-policies {proposed_policy}'
    - '# undo: gcloud compute instances remove-resource-policies {resource_name} --project {account_id} --zone {zone} --resource-policies {proposed_policy}'
    - '# undo: gcloud compute instances start {resource_name} --project {account_id} --zone {zone}'
doc: |
  Finds machines that work on working days in one stretch of hours, and never at night nor at the weekend: a schedule
  that switches them off outside of these hours saves what they cost then. Hours are judged by their highest moment in
  any week, so that a short nightly job keeps the machine on; each hour of the week must have been measured at least
  twice, and a missing hour is not a quiet one. The stretch may wrap midnight UTC, as office hours of other time zones
  do, and gets a margin of an hour on both sides. Disks and reserved addresses go on costing, and are not in the saving.
  Hours are kept for two weeks, days for a quarter: a Saturday or Sunday with work in the last quarter speaks against
  it, and a day much busier than those of the last two weeks (a month end, perhaps at night) makes it undecidable.
  It is wrong for machines that must answer whoever comes: production says so by its tags and is left alone. Network
  and disks are not measured by the hour, so ask whether anything is sent to it at night before you switch it off.
  On AWS the schedule needs a role that may start and stop machines (ROLE_ARN); a public address that is not reserved
  changes with each start. On Alibaba Cloud machines must stop in economical mode (StopCharging): the template asks for
  it, and where hours wrap midnight two templates are used, which follow the setting of the account. On Google Cloud the
  service agent of Compute Engine must be allowed to start and stop machines; one policy serves all machines of a region
  with the same hours.
---*/
WITH stages (stage, kind) AS (
    VALUES ('prod', 'production'), ('production', 'production'), ('prd', 'production'), ('live', 'production'),
        ('dev', 'other'), ('development', 'other'), ('test', 'other'), ('testing', 'other'), ('qa', 'other'), ('stage', 'other'),
        ('staging', 'other'), ('sandbox', 'other'), ('ci', 'other'), ('build', 'other'), ('nonprod', 'other'),
        ('non-production', 'other'), ('demo', 'other'), ('preview', 'other'), ('training', 'other')
),
tagged AS (
    SELECT g.cloud, g.account_id, g.region, g.resource_id, max(s.kind) AS kind, min(g.value) AS stage
    FROM tags AS g
    JOIN stages AS s ON s.stage = lower(g.value)
    WHERE g.resource_type = 'instance' AND lower(g.key) IN ('env', 'environment', 'stage', 'tier')
    GROUP BY g.cloud, g.account_id, g.region, g.resource_id
),
busy AS (
    SELECT cloud, account_id, region, resource_id, hour
    FROM week
    WHERE weekday_peak > $quiet_peak_max
),
following AS (
    -- The next busy hour after each, round the clock.
    SELECT b.cloud, b.account_id, b.region, b.resource_id, b.hour,
        min(CASE WHEN n.hour > b.hour THEN n.hour ELSE n.hour + 24 END) AS next_hour
    FROM busy AS b
    JOIN busy AS n ON n.cloud = b.cloud AND n.account_id = b.account_id AND n.region = b.region AND n.resource_id = b.resource_id
    GROUP BY b.cloud, b.account_id, b.region, b.resource_id, b.hour
),
pauses AS (
    SELECT cloud, account_id, region, resource_id, hour, next_hour,
        row_number() OVER (PARTITION BY cloud, account_id, region, resource_id ORDER BY next_hour - hour DESC, hour) AS place
    FROM following
),
stretches AS (
    -- What lies outside of the longest pause is the day's work, here with its margin.
    SELECT cloud, account_id, region, resource_id,
        CASE WHEN next_hour - $margin >= 24 THEN next_hour - $margin - 24 WHEN next_hour - $margin < 0 THEN next_hour - $margin + 24
            ELSE next_hour - $margin END AS begins,
        25 - (next_hour - hour) + 2 * $margin AS length
    FROM pauses
    WHERE place = 1
),
windows AS (
    -- A day that is needed from end to end is a working week without its weekend.
    SELECT cloud, account_id, region, resource_id, CASE WHEN length >= 24 THEN 0 ELSE begins END AS begins,
        least(24, length) AS length,
        CASE WHEN length >= 24 THEN 24 ELSE begins + length END AS ends
    FROM stretches
),
weeks AS (
    -- What happens outside of it. `…_early` are the hours after midnight that a window of the day before reaches into.
    SELECT
        w.cloud, w.account_id, w.region, w.resource_id, max(w.days) AS days, max(p.begins) AS begins, max(p.ends) AS ends, max(p.length) AS length,
        sum(CASE WHEN w.weekday_seen >= $min_seen THEN 5 ELSE 0 END + CASE WHEN w.saturday_seen >= $min_seen THEN 1 ELSE 0 END
            + CASE WHEN w.sunday_seen >= $min_seen THEN 1 ELSE 0 END) AS seen,
        max(w.weekday_peak) AS peak,
        max(CASE WHEN w.hour < p.ends - 24 THEN w.monday_peak END) AS monday_early,
        max(CASE WHEN w.hour >= p.begins THEN w.friday_peak END) AS friday_late,
        max(CASE WHEN w.hour >= p.ends - 24 THEN w.saturday_peak END) AS saturday_rest, max(w.saturday_peak) AS saturday,
        max(CASE WHEN w.hour < p.begins THEN w.sunday_peak END) AS sunday_rest, max(w.sunday_peak) AS sunday,
        max(CASE WHEN (w.hour < p.begins AND w.hour >= p.ends - 24) OR w.hour >= p.ends THEN w.weekday_peak END) AS outside,
        max(w.saturday_day_peak) AS saturday_day, max(w.sunday_day_peak) AS sunday_day,
        max(w.saturday_day_network) AS saturday_network, max(w.sunday_day_network) AS sunday_network,
        max(w.busiest_day) AS busiest_day, max(w.busiest_day_with_hours) AS busiest_day_with_hours
    FROM week AS w
    LEFT JOIN windows AS p ON p.cloud = w.cloud AND p.account_id = w.account_id AND p.region = w.region AND p.resource_id = w.resource_id
    GROUP BY w.cloud, w.account_id, w.region, w.resource_id
),
shaped AS (
    -- On which days it begins: Monday to Friday, or Sunday to Thursday where the day begins before midnight.
    SELECT
        cloud, account_id, region, resource_id, days, begins, ends, length, seen, peak, outside, saturday, sunday, busiest_day, busiest_day_with_hours,
        saturday_rest, sunday_rest, saturday_day, sunday_day, saturday_network, sunday_network,
        CASE
            WHEN ends <= 24 AND greatest(saturday, sunday) <= $quiet_peak_max THEN 'same day'
            WHEN ends <= 24 THEN 'weekend'
            WHEN monday_early <= $quiet_peak_max AND sunday <= $quiet_peak_max AND saturday_rest <= $quiet_peak_max THEN 'into the next day'
            WHEN friday_late <= $quiet_peak_max AND saturday <= $quiet_peak_max AND sunday_rest <= $quiet_peak_max THEN 'from the day before'
            WHEN greatest(saturday, sunday) <= $quiet_peak_max THEN 'whole days'
            ELSE 'weekend'
        END AS shape
    FROM weeks
),
judged AS (
    SELECT
        i.cloud, i.account_id, i.region, i.instance_id, i.instance_type, coalesce(i.scaling_group, i.cluster) AS member_of, g.kind, g.stage,
        s.days, s.seen, s.peak, s.busiest_day, s.busiest_day_with_hours, s.shape, floor(s.days) AS whole_days,
        CASE WHEN s.shape = 'whole days' THEN 0 ELSE s.begins END AS begins, CASE WHEN s.shape = 'whole days' THEN 24 ELSE s.ends END AS ends,
        CASE WHEN s.shape = 'whole days' THEN 24 ELSE s.length END AS length, CASE WHEN s.shape <> 'whole days' THEN s.outside END AS outside,
        greatest(CASE WHEN s.shape = 'into the next day' THEN s.saturday_rest ELSE greatest(s.saturday, s.saturday_day) END,
            CASE WHEN s.shape = 'from the day before' THEN s.sunday_rest ELSE greatest(s.sunday, s.sunday_day) END) AS weekend, greatest(s.saturday_network, s.sunday_network) AS weekend_network,
        CASE
            WHEN i.purchase_model = 'spot' THEN 'spot'
            WHEN i.purchase_model IN ('subscription', 'reserved') THEN 'paid ahead'
            WHEN coalesce(i.scaling_group, i.cluster) IS NOT NULL THEN 'member'
            WHEN g.kind = 'production' THEN 'production'
            WHEN greatest(coalesce(i.local_disk_gib, 0), coalesce(t.local_disk_gib, 0)) > 0 THEN 'local disks'
            WHEN i.purchase_model IS NULL THEN 'model unknown'
            WHEN i.launched_at > $min_days_cutoff THEN 'new'
            WHEN s.seen IS NULL THEN 'no data'
            WHEN s.seen < 168 THEN 'unseen hours'
            WHEN s.begins IS NULL THEN 'always quiet'
            WHEN s.shape = 'weekend' THEN 'weekend'
            WHEN s.shape <> 'into the next day' AND s.saturday_day > $quiet_peak_max THEN 'weekend'
            WHEN s.shape <> 'from the day before' AND s.sunday_day > $quiet_peak_max THEN 'weekend'
            WHEN s.shape <> 'into the next day' AND s.saturday_network > $quiet_network_max THEN 'weekend network'
            WHEN s.shape <> 'from the day before' AND s.sunday_network > $quiet_network_max THEN 'weekend network'
            WHEN 5 * CASE WHEN s.shape = 'whole days' THEN 24 ELSE s.length END > $max_hours THEN 'long hours'
            WHEN t.gpu_count IS NULL THEN 'unknown type'
            WHEN t.gpu_count > 0 OR i.gpu_count > 0 THEN 'GPU'
            WHEN s.busiest_day > s.busiest_day_with_hours * $unseen_factor THEN 'unseen work'
            ELSE 'office hours'
        END AS state
    FROM instances AS i
    LEFT JOIN instance_types AS t ON t.cloud = i.cloud AND t.instance_type = i.instance_type
    LEFT JOIN tagged AS g ON g.cloud = i.cloud AND g.account_id = i.account_id AND g.region = i.region AND g.resource_id = i.instance_id
    LEFT JOIN shaped AS s ON s.cloud = i.cloud AND s.account_id = i.account_id AND s.region = i.region AND s.resource_id = i.instance_id
    WHERE i.state = 'running'
),
timed AS (
    SELECT
        cloud, account_id, region, instance_id, instance_type, member_of, kind, stage, whole_days, seen, peak, busiest_day, busiest_day_with_hours,
        outside, weekend, weekend_network, state, CAST(5 * length AS BIGINT) AS hours_a_week, CAST(begins AS BIGINT) AS start_hour,
        CAST(CASE WHEN ends >= 24 THEN ends - 24 ELSE ends END AS BIGINT) AS stop_hour, shape, ends,
        CASE WHEN length = 24 THEN 'MON' WHEN shape = 'from the day before' THEN 'SUN-THU' ELSE 'MON-FRI' END AS start_days,
        CASE WHEN length = 24 THEN 'SAT' WHEN shape = 'from the day before' OR ends < 24 THEN 'MON-FRI' ELSE 'TUE-SAT' END AS stop_days
    FROM judged
)
SELECT
    cloud,
    account_id,
    region,
    instance_id AS resource_id,
    CASE
        WHEN state = 'office hours' THEN 'finding'
        WHEN state IN ('spot', 'paid ahead', 'production', 'local disks', 'always quiet', 'weekend', 'weekend network', 'long hours') THEN 'ok'
        ELSE 'not_evaluated'
    END AS verdict,
    CASE state
        WHEN 'office hours' THEN 'In ' || counted(whole_days, 'day', 'days') || ' of hours it worked (up to ' || in_percent(peak) || ') only within '
            || amount(hours_a_week) || ' hours a week, from ' || start_hour || ':00 ' || start_days || ' to ' || stop_hour || ':00 ' || stop_days
            || ' UTC; outside of them its processor never went above ' || in_percent(greatest(coalesce(outside, 0), coalesce(weekend, 0)))
            || ' (limit ' || in_percent($quiet_peak_max) || ').'
        WHEN 'spot' THEN 'It runs as a spot instance: give it back instead of scheduling it.'
        WHEN 'paid ahead' THEN 'It is paid for ahead, so that hours in which it is off save nothing before that ends.'
        WHEN 'member' THEN 'It is a member of ' || member_of || ', which has its own schedule for how many run when.'
        WHEN 'production' THEN 'It is tagged as ' || stage || ', which is on for whoever may come.'
        WHEN 'local disks' THEN 'It has local disks, and what they hold is lost whenever it stops.'
        WHEN 'model unknown' THEN 'How it is paid for is not known.'
        WHEN 'new' THEN 'It was launched less than ' || counted($min_days, 'day', 'days') || ' ago.'
        WHEN 'no data' THEN 'There is no hourly processor data for it.'
        WHEN 'unseen hours' THEN 'Of the 168 hours of a week ' || amount(seen) || ' were measured at least ' || counted($min_seen, 'time', 'times')
            || ' (needed: all); when it is off, it has no data either.'
        WHEN 'always quiet' THEN 'Its processor never went above ' || in_percent(peak) || ' on a working day (limit ' || in_percent($quiet_peak_max)
            || '): whether it is needed at all is judged by idle-instance.'
        WHEN 'weekend' THEN 'At a weekend its processor reached ' || in_percent(weekend) || ' (limit ' || in_percent($quiet_peak_max) || ').'
        WHEN 'weekend network' THEN 'At a weekend its network moved ' || amount(weekend_network) || ' bytes per second (limit ' || amount($quiet_network_max) || ').'
        WHEN 'long hours' THEN 'It works at ' || amount(hours_a_week) || ' hours a week, margin included (limit ' || amount($max_hours) || ').'
        WHEN 'unknown type' THEN 'It works in office hours, but what its type ' || coalesce(instance_type, '') || ' holds is not known (it may have GPUs).'
        WHEN 'GPU' THEN 'It has GPUs, and at which hours they work nobody measures.'
        ELSE 'On its busiest day it used ' || in_percent(busiest_day) || ' on average, on the busiest of the days with hours '
            || in_percent(busiest_day_with_hours) || ': at which hours it worked then is not known.'
    END AS reason,
    'compute,gpu' AS components,
    CASE WHEN kind = 'other' THEN 'medium' ELSE 'low' END AS confidence,
    CASE WHEN kind = 'other' THEN 'what its network and disks do by the hour is not measured'
        ELSE 'no tag says that it is not production' END AS confidence_reason,
    CASE WHEN cloud = 'alibaba' AND (ends > 24 OR start_days = 'MON') THEN 'overnight' END AS remediation_case,
    instance_type AS current_instance_type,
    168 AS current_hours_a_week,
    hours_a_week AS proposed_hours_a_week,
    start_days AS proposed_start_days,
    CASE WHEN start_hour < 10 THEN '0' ELSE '' END || start_hour || ':00:00Z' AS proposed_start_time,
    stop_days AS proposed_stop_days,
    CASE WHEN stop_hour < 10 THEN '0' ELSE '' END || stop_hour || ':00:00Z' AS proposed_stop_time,
    CASE cloud
        WHEN 'aws' THEN 'cron(0 ' || start_hour || ' ? * ' || start_days || ' *)'
        WHEN 'alibaba' THEN '0 0 ' || start_hour || ' ? * ' || start_days
        ELSE '0 ' || start_hour || ' * * ' || start_days
    END AS proposed_start_schedule,
    CASE cloud
        WHEN 'aws' THEN 'cron(0 ' || stop_hour || ' ? * ' || stop_days || ' *)'
        WHEN 'alibaba' THEN '0 0 ' || stop_hour || ' ? * ' || stop_days
        ELSE '0 ' || stop_hour || ' * * ' || stop_days
    END AS proposed_stop_schedule,
    CASE WHEN cloud = 'gcp' THEN 'on-' || lower(start_days) || '-' || start_hour || '-to-' || lower(stop_days) || '-' || stop_hour END AS proposed_policy,
    stage AS stage_by_its_tag,
    whole_days AS days_of_hours,
    seen AS hours_of_the_week_measured,
    peak AS cpu_peak_on_working_days,
    outside AS cpu_peak_outside_on_working_days,
    weekend AS cpu_peak_at_weekends,
    weekend_network AS network_busiest_weekend_day_bytes_per_second
FROM timed
