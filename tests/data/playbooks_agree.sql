-- Proves that playbooks and audiences speak of segments, channels and actions that there are, and that
-- an action has one name and offer wherever it stands. Each row says in `problem` what to change.
{{ activation_problems() }}
