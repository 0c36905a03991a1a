"""The closed world, as Django system checks: what stores anything is known to the policy, or named with a reason."""
