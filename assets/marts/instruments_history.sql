-- What each contract was, in dated versions: a new one begins on the trading day on which IBKR first told it differently.
-- A contract that is neither held nor watched is not asked for: that is no change, and of such days nothing is known.
--   conid: IBKR's contract id.
--   version: 1, 2, ... of the contract.
--   valid_from_day: First trading day on which it was told so.
--   valid_to_day: Last trading day on which it was told so, before it was told differently; null for what holds now.
--   last_told_day: Last trading day on which it was told so.
--   changed: Columns that differ from the version before; none in the first. The order of exchanges does not count.
--   symbol: Symbol; of derivatives the underlying's.
--   name: Name of the issuer, fund, index or pair.
--   full_name: Symbol with the terms of a derivative.
--   asset_class: STK (ETFs too), OPT, FUT, BOND, CASH, ...
--   kind: COMMON, ETF, ADR, ...; null for what has none.
--   currency: Currency it trades in.
--   listing_exchange: Exchange of the listing.
--   all_exchanges: Every exchange it trades on, separated by commas.
--   country: Country of the listing, two letters.
--   sector: Sector; null for ETFs, FX and the like.
--   industry_group: Industry group.
--   industry: Industry, finer than the group.
--   multiplier: Units per contract; null where there is none.
--   expiry_day: Last day of the contract.
--   last_trading_day: Last day on which it trades.
--   put_or_call: P or C.
--   strike: Strike; null where there is none.
--   underlying_conid: Contract id of the underlying.
--   underlying_symbol: Symbol of the underlying.
--   underlying_name: Name of the underlying.
--   has_options: Whether options on it are listed.
--   is_us: Whether it is listed in the United States.
--   is_event_contract: Whether it pays on an event.
--   chinese_name: Name in Chinese, sometimes as numeric HTML entities.
with told as (
    select conid, trading_day, hash(
        symbol, name, full_name, asset_class, kind, currency, listing_exchange,
        list_sort(string_split(all_exchanges, ',')), country, sector, industry_group, industry, multiplier,
        expiry_day, last_trading_day, put_or_call, strike, underlying_conid, underlying_symbol, underlying_name,
        has_options, is_us, is_event_contract, chinese_name
    ) as terms
    from instruments
),
marked as (
    select conid, trading_day, lag(terms) over history is distinct from terms as is_first
    from told
    window history as (partition by conid order by trading_day)
),
numbered as (
    select conid, trading_day, count(*) filter (is_first) over (partition by conid order by trading_day) as version
    from marked
),
spans as (
    select conid, version, min(trading_day) as trading_day, max(trading_day) as last_told_day
    from numbered
    group by conid, version
),
versions as (
    select
        i.*, s.version, s.last_told_day, list_sort(string_split(i.all_exchanges, ',')) as exchanges
    from spans s
    join instruments i on i.conid = s.conid and i.trading_day = s.trading_day
)
select
    conid,
    version,
    trading_day as valid_from_day,
    case when lead(version) over history is not null then last_told_day end as valid_to_day,
    last_told_day,
    case when version = 1 then []::varchar[] else list_filter(
        [
            case when symbol is distinct from lag(symbol) over history then 'symbol' end,
            case when name is distinct from lag(name) over history then 'name' end,
            case when full_name is distinct from lag(full_name) over history then 'full_name' end,
            case when asset_class is distinct from lag(asset_class) over history then 'asset_class' end,
            case when kind is distinct from lag(kind) over history then 'kind' end,
            case when currency is distinct from lag(currency) over history then 'currency' end,
            case when listing_exchange is distinct from lag(listing_exchange) over history then 'listing_exchange' end,
            case when exchanges is distinct from lag(exchanges) over history then 'all_exchanges' end,
            case when country is distinct from lag(country) over history then 'country' end,
            case when sector is distinct from lag(sector) over history then 'sector' end,
            case when industry_group is distinct from lag(industry_group) over history then 'industry_group' end,
            case when industry is distinct from lag(industry) over history then 'industry' end,
            case when multiplier is distinct from lag(multiplier) over history then 'multiplier' end,
            case when expiry_day is distinct from lag(expiry_day) over history then 'expiry_day' end,
            case when last_trading_day is distinct from lag(last_trading_day) over history then 'last_trading_day' end,
            case when put_or_call is distinct from lag(put_or_call) over history then 'put_or_call' end,
            case when strike is distinct from lag(strike) over history then 'strike' end,
            case when underlying_conid is distinct from lag(underlying_conid) over history then 'underlying_conid' end,
            case when underlying_symbol is distinct from lag(underlying_symbol) over history then 'underlying_symbol' end,
            case when underlying_name is distinct from lag(underlying_name) over history then 'underlying_name' end,
            case when has_options is distinct from lag(has_options) over history then 'has_options' end,
            case when is_us is distinct from lag(is_us) over history then 'is_us' end,
            case when is_event_contract is distinct from lag(is_event_contract) over history then 'is_event_contract' end,
            case when chinese_name is distinct from lag(chinese_name) over history then 'chinese_name' end
        ],
        lambda one: one is not null
    ) end as changed,
    symbol, name, full_name, asset_class, kind, currency, listing_exchange, all_exchanges, country, sector,
    industry_group, industry, multiplier, expiry_day, last_trading_day, put_or_call, strike, underlying_conid,
    underlying_symbol, underlying_name, has_options, is_us, is_event_contract, chinese_name
from versions
window history as (partition by conid order by version)
order by conid, version
