"""One partition per calendar day in New York, today included; which of them are trading days is the calendar's to say.

One definition for every dataset, since Dagster wants all partitioned assets of a job to share it. No
`exclusions` for holidays: together with `end_offset=1` they offer Monday on a Saturday.
"""

import dagster as dg

from resources.calendar.new_york import NEW_YORK

FIRST_DAY = "2000-01-01"

trading_days = dg.DailyPartitionsDefinition(start_date=FIRST_DAY, timezone=NEW_YORK.key, end_offset=1)
