"""Cases, enquiries, documents, disclosures and breaches: sealed here, by a service without keys."""
