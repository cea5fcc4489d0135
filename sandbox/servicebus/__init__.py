"""Azure Service Bus on one machine: AMQP 1.0 that the real `azure-servicebus` SDK talks to."""
