// A refused form comes back as a whole page: begin reading at what needs another look.
document.querySelector("main [data-error-summary]")?.focus();
