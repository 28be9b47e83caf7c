{{ landing() }}
