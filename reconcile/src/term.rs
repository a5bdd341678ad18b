//! The words of reconciliation: kinds of systems, events and touchpoints, and the classes of differences.

use domain::text_enum;

/// Declares a text enumeration that has an order and a list of its values.
macro_rules! words {
    ($(#[$($attribute:tt)*])* $name:ident { $($values:tt)* }) => {
        text_enum! {
            $(#[$($attribute)*])*
            #[derive(PartialOrd, Ord, strum::VariantArray)]
            pub enum $name {
                $($values)*
            }
        }

        impl $name {
            /// Returns the word as it is written in requests and responses.
            pub fn word(self) -> &'static str {
                self.into()
            }
        }
    };
}

words! {
    /// A kind of system that keeps quantities of stock.
    SystemKind {
        /// Stockwell's own books.
        Stockwell,
        /// Tills of shops.
        Pos,
        /// A web shop.
        Storefront,
        /// The merchandise and accounting system.
        Erp,
        /// The system of a warehouse.
        Wms,
        /// A marketplace of a third party.
        Marketplace,
        /// The books of accounts.
        Finance,
        /// A file that people keep.
        Spreadsheet,
    }
}

words! {
    /// The quantity that a system reports.
    QuantityMeaning {
        /// All units that are there.
        OnHand,
        /// On hand without the reserved units.
        Available,
        /// Available without quarantined and expired units.
        Sellable,
    }
}

words! {
    /// The sign of the quantities in a system's events.
    Sign {
        /// The sign is the effect on stock.
        Natural,
        /// The type decides; adjustments, counts and overwrites keep their sign.
        Absolute,
    }
}

words! {
    /// The kind of an event that changes stock.
    EventType {
        /// Units were sold.
        Sale,
        /// A customer brought units back.
        Return,
        /// Units left for another place.
        TransferOut,
        /// Units came from another place.
        TransferIn,
        /// A quantity was corrected.
        Adjustment,
        /// Units came from a supplier.
        Receipt,
        /// A physical count corrected the quantity.
        Count,
        /// A quantity was overwritten with an absolute one.
        Overwrite,
    }
}

words! {
    /// The way in which an event was entered.
    EntryMode {
        /// By a program.
        Api,
        /// By a person on a screen.
        Ui,
        /// From a file.
        Csv,
        /// From a till that had been offline.
        OfflineSync,
        /// By a background job.
        Worker,
    }
}

words! {
    /// A kind of manual work between systems.
    TouchpointKind {
        /// A file was exported.
        CsvExport,
        /// A file was imported.
        CsvImport,
        /// A quantity was corrected by hand.
        ManualAdjustment,
        /// A transfer was entered by hand.
        ManualTransfer,
        /// A quantity was overwritten by hand.
        AbsoluteOverwrite,
        /// Data was copied from one screen to another.
        CopyPaste,
        /// An approval was given by e-mail.
        EmailApproval,
        /// An approval was given in a system.
        Approval,
        /// Other work.
        Other,
    }
}

words! {
    /// A process that changes stock.
    Process {
        /// Sales.
        Sale,
        /// Returns of customers.
        Return,
        /// Transfers between places.
        Transfer,
        /// Corrections, counts and overwrites.
        Adjustment,
        /// Goods from suppliers.
        Receipt,
    }
}

words! {
    /// The part of a process that a system owns.
    Concern {
        /// Quantities of stock.
        Quantity,
        /// Purchasing data.
        Purchasing,
        /// Financial value.
        Financial,
        /// The choice of the place that serves an order.
        Distribution,
    }
}

words! {
    /// The cause of a difference, in the order in which causes are tested.
    Class {
        /// No valid mapping for the external SKU.
        UnmappedSku,
        /// No valid mapping for the external location.
        UnmappedLocation,
        /// Two external keys are mapped to one item at once.
        AmbiguousMap,
        /// The systems count different things: one reports available, the other on hand.
        MeaningMismatch,
        /// The systems count in different units: packs and pieces.
        UnitMismatch,
        /// One event was booked twice.
        DuplicateEvent,
        /// A return did not reach the other system.
        MissedReturn,
        /// A transfer did not reach the other system, or has one side only.
        UnrecordedTransfer,
        /// A sale did not reach the other system.
        MissedSale,
        /// A receipt did not reach the other system.
        MissedReceipt,
        /// A set was booked on one side, its components on the other.
        BundleExplosion,
        /// A correction was made in one system only.
        ManualAdjustment,
        /// One system stops at zero, the other goes below.
        ClampedNegative,
        /// An event has not arrived yet.
        TimingLag,
        /// A physical count found another quantity.
        CountVariance,
        /// No cause was found.
        Unexplained,
    }
}

words! {
    /// The action that removes a recurring cause.
    Action {
        /// Map an external SKU.
        MapSku,
        /// Map an external location.
        MapLocation,
        /// Leave one of two mappings.
        ResolveMap,
        /// Declare the quantity that the system reports.
        ChangeCountingRule,
        /// State the number of pieces in a pack.
        SetPackFactor,
        /// Make the receiving side ignore repeats.
        DeduplicateEvents,
        /// Send this kind of event on this edge.
        TurnOnEvent,
        /// Book the components of sets.
        ExplodeBundles,
        /// Give the process one owner.
        ChangeOwner,
        /// Let the system go below zero.
        AllowNegative,
        /// Run the transport of the edge more often.
        SpeedUpEdge,
        /// Count again, by a stated rule.
        CountStock,
    }
}

words! {
    /// A defect of the flow of events between systems.
    FindingKind {
        /// Two systems begin the same process at one place.
        DualOrigin,
        /// No system is declared as owner of the process.
        NoOwner,
        /// Events flow where no hop is declared.
        UndeclaredEdge,
        /// Events arrive later than twice the declared latency.
        SlowEdge,
        /// Events get lost.
        LossyEdge,
        /// Events are carried by hand.
        ManualEdge,
        /// A system's clock differs from the declared offset.
        ClockOffset,
    }
}

words! {
    /// The outcome of a run.
    Outcome {
        /// A recurring cause is named.
        Fix,
        /// No cause recurs.
        None,
        /// The inputs do not suffice.
        NotEnoughData,
    }
}

words! {
    /// The inputs on which an outcome rests.
    Basis {
        /// Events of both sides.
        Events,
        /// Snapshots only, because the reference or all other systems have sent no events.
        Snapshots,
    }
}

words! {
    /// The outcome of the weekly comparison after a fix was applied.
    ProofVerdict {
        /// The rate of episodes fell.
        Worked,
        /// The rates do not differ.
        NoChange,
        /// The rate of episodes rose.
        Worse,
        /// Too little has happened since.
        TooEarly,
    }
}

words! {
    /// The kind of an input that a system sends.
    InputKind {
        /// Levels of stock.
        Snapshots,
        /// Events that change stock.
        Events,
        /// Manual work.
        Touchpoints,
    }
}

words! {
    /// The direction of a figure over the weeks.
    Trend {
        /// It falls.
        Falling,
        /// It stays.
        Steady,
        /// It rises.
        Rising,
        /// There are too few weeks to tell.
        Unknown,
    }
}

impl EventType {
    /// Returns the process to which events of this type belong.
    pub fn process(self) -> Process {
        match self {
            EventType::Sale => Process::Sale,
            EventType::Return => Process::Return,
            EventType::TransferOut | EventType::TransferIn => Process::Transfer,
            EventType::Adjustment | EventType::Count | EventType::Overwrite => Process::Adjustment,
            EventType::Receipt => Process::Receipt,
        }
    }

    /// Returns the class of an event of this type that only one side has.
    pub fn missed(self) -> Class {
        match self {
            EventType::Sale => Class::MissedSale,
            EventType::Return => Class::MissedReturn,
            EventType::TransferOut | EventType::TransferIn => Class::UnrecordedTransfer,
            EventType::Receipt => Class::MissedReceipt,
            EventType::Adjustment | EventType::Overwrite => Class::ManualAdjustment,
            EventType::Count => Class::CountVariance,
        }
    }
}

impl Class {
    /// Returns whether the class concerns a key as such, and not single events.
    pub fn is_of_level(self) -> bool {
        match self {
            Class::UnmappedSku
            | Class::UnmappedLocation
            | Class::AmbiguousMap
            | Class::MeaningMismatch
            | Class::UnitMismatch
            | Class::ClampedNegative => true,
            Class::DuplicateEvent
            | Class::MissedReturn
            | Class::UnrecordedTransfer
            | Class::MissedSale
            | Class::MissedReceipt
            | Class::BundleExplosion
            | Class::ManualAdjustment
            | Class::TimingLag
            | Class::CountVariance
            | Class::Unexplained => false,
        }
    }
}
