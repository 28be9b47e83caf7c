"""RFM scores, current stage and stage history with pandas, from raw Parquet, as a script does it.

    python benchmarks/alternatives/pandas_rfm.py OUT --raw RAW --raw DELIVERY

Cleaning, RFM and prospects are vectorised; the history walks each buyer's events in a loop.
Writes rfm.parquet, current.parquet and history.parquet (buyers, from the first order on).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

RULES = Path(__file__).resolve().parents[2] / "seeds" / "rules"
DAY = 86_400_000_000  # microseconds
Read = Callable[[str, str], pd.DataFrame]


def reader(folders: list[Path]) -> Read:
    """A function that reads columns of a raw table from all folders; amounts become floats."""

    def read(table: str, columns: str) -> pd.DataFrame:
        paths = [folder / f"{table}.parquet" for folder in folders]
        frame = pd.concat(
            [
                pd.read_parquet(path, columns=columns.split(), dtype_backend="pyarrow")
                for path in paths
                if path.exists()
            ],
            ignore_index=True,
        )
        for name, kind in frame.dtypes.items():
            if str(kind).startswith("decimal"):
                frame[name] = frame[name].astype("float64")
            elif str(kind).startswith("timestamp"):
                frame[name] = frame[name].astype("datetime64[us]")
        return frame

    return read


def rule(seed: str) -> pd.DataFrame:
    """A rule seed."""
    return pd.read_csv(RULES / f"{seed}.csv")


def latest(frame: pd.DataFrame, key: str, *times: str) -> pd.DataFrame:
    """The latest version per key."""
    return frame.sort_values([*times, "_loaded_at"]).drop_duplicates(key, keep="last")


def business_day(times: pd.Series) -> pd.Series:
    """The local day of UTC times."""
    local = times.dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin")
    return local.dt.tz_localize(None).dt.normalize().astype("datetime64[us]")


def people(read: Read) -> pd.DataFrame:
    """contact_id -> customer_id (merged, and the account in B2B) and customer_type."""
    customers = latest(
        read("customers", "customer_id account_id customer_type updated_at _loaded_at"),
        "customer_id",
        "updated_at",
    )
    links = read("identity_links", "link_id link_type source_id target_id linked_at")
    merges = links[links.link_type == "merge"].sort_values(["linked_at", "link_id"])
    root = merges.drop_duplicates("source_id", keep="last").set_index("source_id").target_id
    frame = pd.DataFrame({"contact_id": customers.customer_id})
    frame["root_id"] = frame.contact_id.map(root).fillna(frame.contact_id)
    frame = frame.merge(customers, left_on="root_id", right_on="customer_id")
    is_account = (frame.customer_type == "b2b") & frame.account_id.notna()
    frame["customer_id"] = np.where(
        is_account, "account:" + frame.account_id.fillna(""), "person:" + frame.root_id
    )
    return frame[["contact_id", "customer_id", "customer_type"]]


def devices(read: Read, who: pd.DataFrame) -> pd.DataFrame:
    """anonymous_id -> customer of its first login; ids of more than three customers left out."""
    links = read("identity_links", "link_type source_id target_id linked_at")
    logins = links[links.link_type == "login"].merge(
        who, left_on="target_id", right_on="contact_id"
    )
    own = logins.groupby("source_id").customer_id.transform("nunique") <= 3
    first = logins[own].sort_values("linked_at").drop_duplicates("source_id")
    return first[["source_id", "customer_id", "customer_type"]]


def purchases(read: Read, who: pd.DataFrame) -> pd.DataFrame:
    """customer_id, customer_type, at, net: orders that count, one row per instant."""
    orders = latest(
        read(
            "orders",
            "order_id customer_id ordered_at status currency gross_amount discount_amount"
            " cancelled_at updated_at _loaded_at",
        ),
        "order_id",
        "updated_at",
    )
    rates = read("exchange_rates", "rate_on currency rate_to_reporting")
    rates["rate_on"] = pd.to_datetime(rates.rate_on).astype("datetime64[us]")
    orders["rate_on"] = business_day(orders.ordered_at)
    orders = orders.merge(rates, on=["rate_on", "currency"], how="left")
    orders["rate"] = orders.rate_to_reporting.fillna(1.0)
    rate = orders.set_index("order_id").rate

    lines = latest(
        read(
            "order_items",
            "order_item_id order_id quantity unit_price line_amount discount_amount _loaded_at",
        ),
        "order_item_id",
    )
    lines["gross"] = lines.line_amount.fillna(lines.quantity.astype("float64") * lines.unit_price)
    lines["rate"] = lines.order_id.map(rate)
    lines["own"] = lines.gross - lines.discount_amount.fillna(0)
    lines["net"] = (lines.gross * lines.rate).round(4) - (
        lines.discount_amount.fillna(0) * lines.rate
    ).round(4)
    refunds = latest(read("refunds", "refund_id order_id amount _loaded_at"), "refund_id")
    back = orders.order_id.map(refunds.groupby("order_id").amount.sum()).fillna(0)

    own = orders.order_id.map(lines.groupby("order_id").own.sum()).fillna(orders.gross_amount)
    own_net = (own - orders.discount_amount.fillna(0) - back).round(8)
    goods = orders.order_id.map(lines.groupby("order_id").net.sum())
    goods = goods.fillna((orders.gross_amount * orders.rate).round(4))
    discount = (orders.discount_amount.fillna(0) * orders.rate).round(4)
    sold = (goods - discount).round(4)
    # What is left of an order in its own currency is not less than nothing in euros.
    orders["net"] = (sold - (back * orders.rate).round(4)).round(4).clip(lower=0)
    statuses = rule("order_statuses")
    dead = statuses[statuses.is_cancelled | statuses.is_test].status
    is_sale = ~orders.status.isin(dead) & orders.cancelled_at.isna() & (sold > 0)
    valid = orders[is_sale & (own_net > 0)]
    valid = valid[["customer_id", "ordered_at", "net"]].rename(
        columns={"customer_id": "contact_id", "ordered_at": "at"}
    )
    valid = valid.merge(who, on="contact_id")
    return valid.groupby(["customer_id", "customer_type", "at"], as_index=False).net.sum()


def touches(read: Read, who: pd.DataFrame) -> pd.DataFrame:
    """customer_id, customer_type, at, is_inbound, signal: whatever touches a customer."""
    types = rule("interaction_types")[["interaction_type", "direction", "signal"]]
    seen = latest(
        read(
            "interactions",
            "interaction_id customer_id anonymous_id occurred_at interaction_type _loaded_at",
        ),
        "interaction_id",
    ).merge(types, on="interaction_type")
    seen = seen.rename(columns={"customer_id": "contact_id", "occurred_at": "at"})
    seen["is_inbound"] = seen.direction == "inbound"
    known = seen[seen.contact_id.notna()].merge(who, on="contact_id")
    unknown = seen[seen.contact_id.isna() & seen.anonymous_id.notna()].merge(
        devices(read, who), left_on="anonymous_id", right_on="source_id", how="left"
    )
    unknown["customer_id"] = unknown.customer_id.fillna("anonymous:" + unknown.anonymous_id)
    unknown["customer_type"] = unknown.customer_type.fillna("b2c")

    others = pd.concat([tickets(read), feedback(read), returns(read), registrations(read)])
    others["is_inbound"] = True
    columns = ["customer_id", "customer_type", "at", "is_inbound", "signal"]
    return pd.concat(
        [known[columns], unknown[columns], others.merge(who, on="contact_id")[columns]],
        ignore_index=True,
    )


def tickets(read: Read) -> pd.DataFrame:
    """Tickets as touches; complaints dissatisfy."""
    frame = read("tickets", "customer_id opened_at is_complaint")
    frame.columns = ["contact_id", "at", "is_complaint"]
    frame["signal"] = np.where(frame.is_complaint.fillna(False), "dissatisfaction", "none")
    return frame[["contact_id", "at", "signal"]]


def feedback(read: Read) -> pd.DataFrame:
    """Answers as touches; low scores dissatisfy, promoters advocate."""
    frame = read("feedback", "customer_id responded_at survey_type score")
    frame = frame.merge(rule("survey_types"), on="survey_type", how="left")
    frame = frame.rename(columns={"customer_id": "contact_id", "responded_at": "at"})
    low, high = frame.score < frame.low_below, frame.score >= frame.promoter_from
    frame["signal"] = np.select(
        [low.fillna(False), high.fillna(False)], ["dissatisfaction", "advocacy"], "none"
    )
    return frame[["contact_id", "at", "signal"]]


def returns(read: Read) -> pd.DataFrame:
    """Refunds for a reason that dissatisfies."""
    reasons = rule("reasons")
    bad = reasons[reasons.is_quality | reasons.is_dissatisfaction].reason
    frame = read("refunds", "order_id refunded_at reason")
    frame = frame[frame.reason.isin(bad)]
    buyers = read("orders", "order_id customer_id").drop_duplicates("order_id")
    frame = frame.merge(buyers, on="order_id").assign(signal="dissatisfaction")
    frame = frame.rename(columns={"customer_id": "contact_id", "refunded_at": "at"})
    return frame[["contact_id", "at", "signal"]]


def registrations(read: Read) -> pd.DataFrame:
    """Sign-ups."""
    frame = latest(
        read("customers", "customer_id registered_at updated_at _loaded_at"),
        "customer_id",
        "updated_at",
    )
    frame = frame[frame.registered_at.notna()].assign(signal="interest")
    frame = frame.rename(columns={"customer_id": "contact_id", "registered_at": "at"})
    return frame[["contact_id", "at", "signal"]]


def rfm(orders: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Scores of 1 to 5 per customer type, ties kept together."""
    frame = orders.groupby(["customer_id", "customer_type"], as_index=False).agg(
        last_order_at=("at", "max"), orders=("at", "size"), net=("net", "sum")
    )
    frame["net"] = frame.net.round(4)
    frame["recency_days"] = (as_of - frame.last_order_at).dt.days
    group = frame.groupby("customer_type")
    size = group.customer_id.transform("size")
    for score, measure in [
        ("recency", "last_order_at"),
        ("frequency", "orders"),
        ("monetary", "net"),
    ]:
        rank = group[measure].rank(method="min")
        frame[f"{score}_score"] = (1 + (5 * (rank - 1)) // size).astype(int)
    return frame


def walk(events: pd.DataFrame, rules: dict[str, dict], as_of: int) -> Iterator[tuple]:
    """(customer_id, stage, since in microseconds) of each change in each buyer's life.

    events: orders and signals, sorted by customer and time.
    """
    for customer, life in events.groupby("customer_id", sort=False):
        days = rules[life.customer_type.iloc[0]]
        kinds, times, nets = life.kind.tolist(), life.at_us.tolist(), life.net.tolist()
        orders = [at for kind, at in zip(kinds, times, strict=True) if kind == "order"]
        amounts = [net for kind, net in zip(kinds, nets, strict=True) if kind == "order"]
        moments = set(times)
        for at in orders:
            moments.update(
                at + days[name]
                for name in ("onboarding_days", "winback_days", "decline_days", "churn_days")
            )
        for kind, at in zip(kinds, times, strict=True):
            if kind != "order":
                moments.add(at + days[f"{kind}_window_days"])
        bad = [at for kind, at in zip(kinds, times, strict=True) if kind == "dissatisfaction"]
        good = [at for kind, at in zip(kinds, times, strict=True) if kind == "advocacy"]
        last = first_in_window = bads = goods = 0
        before = None
        for now in sorted(at for at in moments if orders[0] <= at < as_of):
            while last < len(orders) and orders[last] <= now:
                last += 1
            while bads < len(bad) and bad[bads] <= now:
                bads += 1
            while goods < len(good) and good[goods] <= now:
                goods += 1
            order = orders[last - 1]
            while orders[first_in_window] <= order - days["loyalty_window_days"]:
                first_in_window += 1
            value = sum(amounts[first_in_window:last])
            if now >= order + days["churn_days"]:
                stage = "churn"
            elif now >= order + days["decline_days"] or (
                bads
                and bad[bads - 1] >= order
                and now < bad[bads - 1] + days["dissatisfaction_window_days"]
            ):
                stage = "decline"
            elif (
                last > 1
                and order > orders[last - 2] + days["churn_days"]
                and now < order + days["winback_days"]
            ):
                stage = "winback"
            elif last == 1:
                stage = "purchase" if now < order + days["onboarding_days"] else "use"
            elif goods and now < good[goods - 1] + days["advocacy_window_days"]:
                stage = "advocacy"
            elif last - first_in_window >= days["loyalty_min_orders"] or (
                value >= days["loyalty_min_amount"]
            ):
                stage = "loyalty"
            else:
                stage = "retention"
            if stage != before:
                yield customer, stage, now
                before = stage


def thresholds() -> dict[str, dict]:
    """Thresholds per customer type; days in microseconds, no amount means infinity."""
    found = {}
    for row in rule("lifecycle_thresholds").to_dict("records"):
        found[row["customer_type"]] = {
            name: value * DAY if name.endswith("_days") else value for name, value in row.items()
        }
        if pd.isna(row["loyalty_min_amount"]):
            found[row["customer_type"]]["loyalty_min_amount"] = float("inf")
    return found


def prospects(
    seen: pd.DataFrame, buyers: pd.Series, rules: dict, as_of: pd.Timestamp
) -> pd.DataFrame:
    """Stage of everybody who has not bought, from the last inbound touch and the last signal."""
    seen = seen[~seen.customer_id.isin(buyers)]
    frame = seen.groupby("customer_id").agg(
        customer_type=("customer_type", "first"), first_at=("at", "min")
    )
    inbound = seen[seen.is_inbound]
    frame["last_at"] = inbound.groupby("customer_id")["at"].max()
    frame["last_at"] = frame.last_at.fillna(frame.first_at)
    considered = inbound[inbound.signal.isin(["interest", "intent"])]
    frame["considered_at"] = considered.groupby("customer_id")["at"].max()
    lapse = pd.to_timedelta(
        frame.customer_type.map(
            {kind: days["prospect_lapse_days"] for kind, days in rules.items()}
        ),
        unit="us",
    )
    frame["stage"] = np.select(
        [frame.last_at + lapse < as_of, frame.considered_at + lapse >= as_of],
        ["lost_prospect", "consideration"],
        "awareness",
    )
    return frame.reset_index()[["customer_id", "customer_type", "stage"]]


def main() -> None:
    """Read, clean, score, walk; write three files."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("out", type=Path)
    options.add_argument("--raw", type=Path, action="append", required=True)
    given = options.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    read, rules = reader(given.raw), thresholds()

    who = people(read)
    orders = purchases(read, who)
    seen = touches(read, who)
    last_day = business_day(pd.Series([max(orders["at"].max(), seen["at"].max())]))
    end = (last_day + pd.Timedelta(days=1)).dt.tz_localize("Europe/Berlin").dt.tz_convert("UTC")
    as_of = end.dt.tz_localize(None).iloc[0]

    rfm(orders, as_of).to_parquet(given.out / "rfm.parquet", index=False)

    signals = seen[seen.signal.isin(["dissatisfaction", "advocacy"])]
    signals = signals[signals.customer_id.isin(orders.customer_id)]
    events = pd.concat(
        [orders.assign(kind="order"), signals.rename(columns={"signal": "kind"}).assign(net=0.0)]
    ).sort_values(["customer_id", "at"])
    events["at_us"] = events["at"].astype("int64")
    history = pd.DataFrame(
        walk(events, rules, int(as_of.as_unit("us").asm8.astype("int64"))),
        columns=["customer_id", "stage", "since"],
    )
    history["since"] = history.since.astype("datetime64[us]")
    history.to_parquet(given.out / "history.parquet", index=False)

    kinds = orders.drop_duplicates("customer_id").set_index("customer_id").customer_type
    buyers = history.drop_duplicates("customer_id", keep="last")
    buyers = buyers.assign(customer_type=buyers.customer_id.map(kinds))
    current = pd.concat([buyers, prospects(seen, orders.customer_id, rules, as_of)])
    current[["customer_id", "customer_type", "stage"]].to_parquet(
        given.out / "current.parquet", index=False
    )


if __name__ == "__main__":
    main()
