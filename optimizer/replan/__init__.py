"""Plans that begin from other plans: close to an approved one, no dearer than an earlier one."""
