//! The simulation of one product at one location under one policy.

use chrono::NaiveDate;

use super::past::{Happened, Past, Window};
use super::policy::{MinMax, Policy, SimulatedPosition, Sums, rule_need};
use super::tally::Tally;
use crate::replenish::demand::{DemandClass, WEEKS_MAX, class, review_day, week_count};
use crate::replenish::history::{RecordedDay, Timeline, WEEK, days_between, recorded_days};
use crate::replenish::micro::{Micro, Overflow};
use crate::replenish::plan::Plan;
use crate::replenish::target::horizon;

/// Units that the channels ask for on a day.
#[derive(Debug, Clone, Copy)]
struct Asked {
    wholesale: Micro,
    retail: Micro,
    returned: Micro,
}

/// The course of one simulation.
struct Course<'past> {
    past: &'past Past,
    policy: Policy,
    timeline: Timeline,
    sums: Sums,
    on_hand: Micro,
    backordered: Micro,
    /// Supply by the day of its arrival.
    incoming: Vec<(usize, Micro)>,
    set_once: Option<MinMax>,
    tally: Tally,
}

/// Runs a policy over the days of a window.
pub fn simulate(past: &Past, policy: Policy, window: &Window) -> Result<Tally, Overflow> {
    let begin = begin(past, window);
    let (start, from) = (days_between(begin, window.start), days_between(begin, window.from));
    let days = days_between(begin, window.to) + 1;
    let recorded = recorded_days(&past.history, begin, days)?;
    let mut timeline = Timeline::begin(begin);
    timeline.plan(&past.planned, None, days)?;
    timeline.add_orders(&past.history.orders, days)?;
    let asked = asked(past, &timeline, &recorded)?;
    let mut course = Course {
        past,
        policy,
        timeline,
        sums: Sums::begin(),
        on_hand: past.opening.into(),
        backordered: past.backordered.into(),
        incoming: Vec::new(),
        set_once: None,
        tally: Tally::default(),
    };
    for (on, quantity) in &past.incoming {
        course.incoming.push((days_between(begin, *on).max(start), (*quantity).into()));
    }
    for (day, asked) in asked.iter().enumerate() {
        if day < start {
            let RecordedDay { sold, has_stock, returned } = recorded[day];
            course.timeline.push(sold, has_stock, returned)?;
            course.sums.push(sold, asked.wholesale, returned)?;
        } else {
            course.live(day, *asked, day >= from)?;
        }
    }
    Ok(course.tally)
}

impl Course<'_> {
    /// Simulates a day.
    fn live(&mut self, day: usize, asked: Asked, counts: bool) -> Result<(), Overflow> {
        let today = self.timeline.date(day);
        if review_day(today, self.past.review_weekday) == today {
            self.review(day, counts)?;
        }
        let mut arrived = Micro::ZERO;
        for (_, quantity) in self.incoming.extract_if(.., |(on, _)| *on <= day) {
            arrived = arrived.plus(quantity)?;
        }
        self.on_hand = self.on_hand.plus(arrived)?;
        let filled = self.on_hand.min(self.backordered).max(Micro::ZERO);
        self.on_hand = self.on_hand.minus(filled)?;
        self.backordered = self.backordered.minus(filled)?;
        let has_stock = self.on_hand.is_positive();
        let (wholesale, retail) = self.serve(asked)?;
        self.on_hand = self.on_hand.minus(wholesale)?.minus(retail)?;
        let waits = asked.wholesale.minus(wholesale)?;
        self.backordered = self.backordered.plus(waits)?;
        self.timeline.push(retail, has_stock, asked.returned)?;
        self.sums.push(retail, asked.wholesale, asked.returned)?;
        self.on_hand = self.on_hand.plus(asked.returned)?;
        if counts {
            self.tally.count(self.past, asked, (wholesale, retail), self.on_hand)?;
            self.tally.backordered = self.tally.backordered.plus(waits)?;
        }
        Ok(())
    }

    /// Returns the units that orders and tills get. If stock is short, tills get their share of it, and orders the rest.
    fn serve(&self, asked: Asked) -> Result<(Micro, Micro), Overflow> {
        let (demanded, stock) = (asked.wholesale.plus(asked.retail)?, self.on_hand.max(Micro::ZERO));
        if demanded <= stock {
            return Ok((asked.wholesale, asked.retail));
        }
        let share = Micro::floor(stock.wide(asked.retail)?, demanded.get())?;
        let retail = share.down_to(self.past.item.step)?;
        Ok((stock.minus(retail)?.min(asked.wholesale), retail))
    }

    /// Orders what the policy wants.
    fn review(&mut self, day: usize, counts: bool) -> Result<(), Overflow> {
        let position = self.position(day)?;
        let need = match self.policy {
            Policy::Rule(service) => rule_need(self.past, &self.timeline, day, service, position)?,
            Policy::MinMax { average_days, safety_days } => {
                self.min_max(day, average_days, safety_days)?.need(position)?
            }
        };
        let Some(need) = need else { return Ok(()) };
        let quantity = self.past.size.rounded(need, self.past.item.step)?.quantity;
        let known = u32::try_from(self.past.lead_time.days.whole_above()).unwrap_or(u32::MAX);
        let days = self.past.arrival_days.unwrap_or(known);
        self.incoming.push((day + days as usize, quantity));
        if counts {
            self.tally.order_lines += 1;
            self.tally.bought = self.tally.bought.plus(quantity)?;
        }
        Ok(())
    }

    /// Returns the position before a day opens.
    fn position(&self, day: usize) -> Result<SimulatedPosition, Overflow> {
        let horizon = horizon(&self.past.lead_time, self.past.settings.review_days)?;
        let until = day + usize::try_from(horizon.whole_below()).unwrap_or(0);
        let (mut total, mut late) = (self.on_hand.minus(self.backordered)?, Micro::ZERO);
        for (on, quantity) in &self.incoming {
            let sum = if *on <= until { &mut total } else { &mut late };
            *sum = sum.plus(*quantity)?;
        }
        Ok(SimulatedPosition { total, late })
    }

    /// Returns the minimum and maximum that hold on a review day.
    fn min_max(
        &mut self,
        day: usize,
        average_days: Option<usize>,
        safety_days: u32,
    ) -> Result<MinMax, Overflow> {
        let first = self.past.history.first_day.map_or(0, |first| days_between(self.timeline.start, first));
        let from = average_days.map_or(0, |days| day.saturating_sub(days));
        match (average_days, self.set_once) {
            (None, Some(set)) => Ok(set),
            _ => {
                let set = MinMax::of(self.past, &self.sums, (from, day), first, safety_days)?;
                self.set_once = Some(set);
                Ok(set)
            }
        }
    }
}

impl Tally {
    /// Counts a day: the units asked for, those that orders and tills got, and the stock at its end.
    fn count(
        &mut self,
        past: &Past,
        asked: Asked,
        (wholesale, retail): (Micro, Micro),
        on_hand: Micro,
    ) -> Result<(), Overflow> {
        self.wholesale.serve(asked.wholesale, wholesale)?;
        self.retail.serve(asked.retail, retail)?;
        let is_asked = asked.wholesale.is_positive() || asked.retail.is_positive();
        let is_served = asked.wholesale == wholesale && asked.retail == retail;
        self.demand_days += u64::from(is_asked);
        self.served_days += u64::from(is_asked && is_served);
        self.location_days += 1;
        self.empty_days += u64::from(!on_hand.is_positive());
        let unit_cost = past.item.unit_cost.unwrap_or_default();
        self.stock_value = self.stock_value.plus(on_hand.max(Micro::ZERO).product(unit_cost)?)?;
        self.lost = self.lost.plus(asked.retail.minus(retail)?.product(past.price)?)?;
        Ok(())
    }
}

/// Returns the first day of a simulation's timeline: 52 weeks before its first day, if so much is known.
fn begin(past: &Past, window: &Window) -> NaiveDate {
    let weeks = chrono::Days::new(((WEEKS_MAX + 1) * WEEK) as u64);
    let begin = window.start.checked_sub_days(weeks).unwrap_or(window.start);
    begin.max(past.history.known_from).min(window.start)
}

/// Returns the units that are asked for on each day: recorded demand, and on days without stock an estimate of what tills
/// would have sold, which is rounded to whole steps over such days together.
fn asked(past: &Past, timeline: &Timeline, recorded: &[RecordedDay]) -> Result<Vec<Asked>, Overflow> {
    let is_open = |day: &RecordedDay| day.has_stock || day.sold.is_positive();
    let mut sold = Micro::ZERO;
    for day in recorded {
        sold = sold.plus(day.sold)?;
    }
    let first = past.history.first_day.map_or(recorded.len(), |first| days_between(timeline.start, first));
    let open = recorded.iter().skip(first).filter(|day| is_open(day)).count();
    let (mut empty, mut estimated) = (0_u32, Micro::ZERO);
    let mut asked = Vec::with_capacity(recorded.len());
    for (number, day) in recorded.iter().enumerate() {
        let mut retail = day.sold;
        if number >= first && !is_open(day) && open > 0 {
            empty += 1;
            let so_far = sold.times(empty)?.part(open as u32)?.down_to(past.item.step)?;
            retail = so_far.minus(estimated)?;
            estimated = so_far;
        }
        let mut wholesale = Micro::ZERO;
        for order in timeline.orders(number, number + 1) {
            wholesale = wholesale.plus(order.quantity)?;
        }
        asked.push(Asked { wholesale, retail, returned: day.returned });
    }
    Ok(asked)
}

/// Returns the figures of what really happened. Tills served what they sold, and lost the estimate of days without stock.
pub fn really_happened(past: &Past, happened: &Happened, window: &Window) -> Result<Tally, Overflow> {
    let begin = begin(past, window);
    let days = days_between(begin, window.to) + 1;
    let recorded = recorded_days(&past.history, begin, days)?;
    let mut timeline = Timeline::begin(begin);
    timeline.add_orders(&past.history.orders, days)?;
    let counts = |on: &NaiveDate| *on >= window.from && *on <= window.to;
    let mut waits = vec![Micro::ZERO; days];
    for (on, quantity) in happened.backordered.iter().filter(|(on, _)| counts(on)) {
        let wait = &mut waits[days_between(begin, *on)];
        *wait = wait.plus((*quantity).into())?;
    }
    let mut closing = happened.closing.clone();
    closing.sort_by_key(|(on, _)| *on);
    let mut tally = Tally::default();
    let (mut next, mut on_hand) = (0, Micro::ZERO);
    for (day, asked) in asked(past, &timeline, &recorded)?.into_iter().enumerate() {
        while let Some((_, quantity)) = closing.get(next).filter(|(on, _)| *on <= timeline.date(day)) {
            on_hand = (*quantity).into();
            next += 1;
        }
        if timeline.date(day) >= window.from {
            let wait = waits[day].min(asked.wholesale);
            tally.count(past, asked, (asked.wholesale.minus(wait)?, recorded[day].sold), on_hand)?;
            tally.backordered = tally.backordered.plus(wait)?;
        }
    }
    for (_, quantity) in happened.bought.iter().filter(|(on, _)| counts(on)) {
        tally.order_lines += 1;
        tally.bought = tally.bought.plus((*quantity).into())?;
    }
    Ok(tally)
}

/// Returns the class of the recorded demand in the weeks before the window.
pub fn class_of(past: &Past, window: &Window) -> Result<DemandClass, Overflow> {
    let history = &past.history;
    let count = week_count(history.known_from, history.first_day, window.from);
    let days = count * WEEK;
    let start = window.from.checked_sub_days(chrono::Days::new(days as u64)).unwrap_or(window.from);
    let timeline = Timeline::of(history, &Plan::default(), None, (start, window.from))?;
    let mut weeks = Vec::with_capacity(count);
    for week in 0..count {
        let (from, to) = (week * WEEK, (week + 1) * WEEK);
        let mut sum = timeline.retail(from, to)?.sold;
        for order in timeline.orders(from, to) {
            sum = sum.plus(order.quantity)?;
        }
        weeks.push(sum);
    }
    class(weeks)
}
