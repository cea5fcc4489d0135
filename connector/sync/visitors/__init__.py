"""Website visitors: companies that visited the website, the pages that they viewed, and what becomes of them."""
