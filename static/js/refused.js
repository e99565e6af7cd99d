// A refused form comes back as a whole page: begin reading at what needs another look.
const first = document.querySelector("main [data-error-summary]") ?? document.querySelector("main .has-error :is(input:not([type=hidden]), textarea, select)");
first?.focus();
