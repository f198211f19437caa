//! The built-in alerts: what the program says about an account as a whole. Each is a policy of that name.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountAlert {
    /// The account does not let us in.
    Access,
    /// Most readings fail together.
    Upstream,
    /// The list of clients cannot be read, or lacks many.
    Inventory,
    /// Asking everybody takes longer than it may.
    Overcommitted,
    /// All enforcement is refused.
    Brake,
    /// Messages will never arrive.
    DeadLetter,
    /// A record that was read back differs from what was meant.
    ReadBack,
    /// Clients set to HARD still spend below zero.
    EnforcementWithoutEffect,
    /// Nothing can be written down. Judged in memory.
    Store,
    /// No Alertmanager knows what fires.
    Alertmanager,
}

impl AccountAlert {
    /// All, in the order in which they are judged and listed.
    pub const ALL: [Self; 10] = [
        Self::Access,
        Self::Upstream,
        Self::Inventory,
        Self::Overcommitted,
        Self::Brake,
        Self::DeadLetter,
        Self::ReadBack,
        Self::EnforcementWithoutEffect,
        Self::Store,
        Self::Alertmanager,
    ];

    /// The name of its policy.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Access => "account-access",
            Self::Upstream => "upstream",
            Self::Inventory => "inventory",
            Self::Overcommitted => "overcommitted",
            Self::Brake => "brake",
            Self::DeadLetter => "dead-letter",
            Self::ReadBack => "read-back",
            Self::EnforcementWithoutEffect => "enforcement-without-effect",
            Self::Store => "store",
            Self::Alertmanager => "alertmanager",
        }
    }

    /// The built-in alert of this policy; `None`: the policy is about clients, or the reseller.
    #[must_use]
    pub fn of(policy: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|alert| alert.name() == policy)
    }

    /// Whether the account cannot be asked while it fires.
    #[must_use]
    pub const fn is_about_asking(self) -> bool {
        matches!(self, Self::Access | Self::Upstream)
    }

    /// Whether it explains why clients cannot be read: it is told instead of each one's silence.
    #[must_use]
    pub const fn explains_silence(self) -> bool {
        matches!(self, Self::Access | Self::Upstream | Self::Inventory)
    }
}
