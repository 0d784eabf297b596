// The bar that shrinks while a login lives.

/** Shows what is left until `expiresAt` (seconds since 1970) in a progress element and a text. Returns a function that stops it. */
export function showLifetime(bar, text, expiresAt) {
  // The bar is full at the moment of the handshake, however long the login is.
  const total = Math.max(1, expiresAt - Date.now() / 1000)
  bar.max = total

  const tick = () => {
    const left = Math.max(0, expiresAt - Date.now() / 1000)
    bar.value = left
    bar.classList.toggle('ending', left < 10)
    text.textContent = `${clock(left)} left`
  }
  tick()
  const timer = setInterval(tick, 250)
  return () => clearInterval(timer)
}

function clock(seconds) {
  const whole = Math.ceil(seconds)
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}
