"""Source `bookings`: columns with units and ranges, look-ups and derived columns.

Bookings of a resort hotel and a city hotel in Portugal, one row per booked room.
"""

from typing import Final

from ..tables import Column, Derived, Source

SOURCE: Final = Source(
    name="bookings",
    origin="Antonio, Almeida and Nunes 2019, doi.org/10.1016/j.dib.2018.11.126, CC BY 4.0",
    key=("booking_id",),
    event_time="arrives_at",
    columns=(
        Column(
            name="hotel",
            kind="string",
        ),
        Column(
            name="is_canceled",
            kind="integer",
            minimum=0,
            maximum=1,
            description="1 also where the guest never came",
        ),
        Column(
            name="lead_time",
            kind="integer",
            minimum=0,
            maximum=2000,
            unit="days",
            description="Days from the booking to the arrival",
        ),
        Column(
            name="arrival_date_year",
            kind="integer",
            minimum=2014,
            maximum=2018,
        ),
        Column(
            name="arrival_date_month",
            kind="string",
        ),
        Column(
            name="arrival_date_day_of_month",
            kind="integer",
            minimum=1,
            maximum=31,
        ),
        Column(
            name="stays_in_weekend_nights",
            kind="integer",
            minimum=0,
            maximum=100,
        ),
        Column(
            name="stays_in_week_nights",
            kind="integer",
            minimum=0,
            maximum=200,
        ),
        Column(
            name="adults",
            kind="integer",
            minimum=0,
            maximum=100,
        ),
        Column(
            name="children",
            kind="integer",
            nullable=True,
            minimum=0,
            maximum=50,
        ),
        Column(
            name="babies",
            kind="integer",
            minimum=0,
            maximum=50,
        ),
        Column(
            name="meal",
            kind="string",
        ),
        Column(
            name="market_segment",
            kind="string",
        ),
        Column(
            name="distribution_channel",
            kind="string",
        ),
        Column(
            name="reserved_room_type",
            kind="string",
        ),
        Column(
            name="agent",
            kind="string",
            nullable=True,
        ),
        Column(
            name="company",
            kind="string",
            nullable=True,
        ),
        Column(
            name="customer_type",
            kind="string",
        ),
        Column(
            name="reservation_status",
            kind="string",
        ),
        Column(
            name="reservation_status_date",
            kind="string",
        ),
    ),
    nulls=(
        "NULL",
        "NA",
    ),
    derived=(
        Derived(
            name="booking_id",
            kind="string",
            expression="printf('%s-%06d', lower(split_part(hotel, ' ', 1)), source_row)",
        ),
        Derived(
            name="arrives_at",
            kind="timestamp",
            expression="timezone('Europe/Lisbon', strptime(concat_ws(' ', arrival_date_year, arrival_date_month, arrival_date_day_of_month), '%Y %B %d'))",
        ),
        Derived(
            name="arrived_by",
            kind="timestamp",
            expression="timezone('Europe/Lisbon', timezone('Europe/Lisbon', arrives_at) + INTERVAL 1 DAY)",
        ),
        Derived(
            name="booked_by",
            kind="timestamp",
            expression="timezone('Europe/Lisbon', timezone('Europe/Lisbon', arrives_at) - to_days(CAST(lead_time AS INTEGER)) + INTERVAL 1 DAY)",
        ),
        Derived(
            name="judged_at",
            kind="timestamp",
            expression="timezone('Europe/Lisbon', greatest(timezone('Europe/Lisbon', arrives_at) - INTERVAL 7 DAY, timezone('Europe/Lisbon', booked_by)) + INTERVAL 9 HOUR)",
        ),
        Derived(
            name="status_known_at",
            kind="timestamp",
            expression="timezone('Europe/Lisbon', try_strptime(reservation_status_date, ['%m/%d/%Y', '%Y-%m-%d']) + INTERVAL 1 DAY)",
        ),
        Derived(
            name="off_the_books_at",
            kind="timestamp",
            expression="CASE WHEN reservation_status = 'Canceled' THEN least(arrives_at, status_known_at) ELSE arrives_at END",
        ),
        Derived(
            name="lost",
            kind="number",
            nullable=True,
            expression="CASE WHEN off_the_books_at > judged_at - INTERVAL 1 HOUR THEN CAST(is_canceled AS DOUBLE) END",
        ),
        Derived(
            name="nights",
            kind="number",
            unit="nights",
            expression="CAST(stays_in_weekend_nights + stays_in_week_nights AS DOUBLE)",
        ),
        Derived(
            name="guests",
            kind="number",
            expression="CAST(adults + coalesce(children, 0) + babies AS DOUBLE)",
        ),
        Derived(
            name="days_left",
            kind="number",
            unit="days",
            expression="CAST(least(7, lead_time - 1) AS DOUBLE)",
        ),
        Derived(
            name="agent_code",
            kind="string",
            expression="coalesce(agent, 'none')",
        ),
        Derived(
            name="company_booking",
            kind="boolean",
            expression="company IS NOT NULL",
        ),
        Derived(
            name="in_the_extract",
            kind="boolean",
            expression="timezone('Europe/Lisbon', arrives_at) < TIMESTAMP '2015-10-17 00:00:00'",
        ),
        Derived(
            name="party",
            kind="string",
            expression="concat_ws('/', hotel, arrives_at, lead_time, stays_in_weekend_nights, stays_in_week_nights, agent_code, company)",
        ),
    ),
)
